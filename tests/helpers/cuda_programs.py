"""A small CUDA program of our own, carried out on the CPU: what it does is named by its first argument."""

import subprocess

from sbp_brian.targets.cache_place import usable_cache
from sbp_brian.targets.cuda.build import compile_project
from sbp_brian.targets.cuda.on_cpu.compiling import cpu_recipe
from sbp_brian.targets.cuda.on_cpu.settings import OnCpu
from sbp_brian.targets.cuda.on_cpu.translation import translate

PROGRAM = r"""
#include <cuda.h>
#include <curand.h>
#include <curand_kernel.h>
#include <thrust/device_vector.h>
#include <thrust/sort.h>
#include <cstdio>
#include <cstring>
#include <string>

__global__ void note_order(int *order, int *next)
{
    order[atomicAdd(next, 1)] = blockIdx.x * blockDim.x + threadIdx.x;
}

__device__ int total;

__global__ void add_up(const int *values, int n, bool guarded)
{
    __shared__ int of_thread[1024];
    const int tid = threadIdx.x, first = blockIdx.x * blockDim.x;
    of_thread[tid] = first + tid < n ? values[first + tid] : 0;
    for (int step = 1; step < blockDim.x; step *= 2) {
        if (guarded)
            __syncthreads();
        if (tid % (2 * step) == 0 && tid + step < blockDim.x)
            of_thread[tid] += of_thread[tid + step];
    }
    if (!tid)
        atomicAdd(&total, of_thread[0]);
}

__global__ void reverse(int *values)
{
    extern __shared__ int kept[];
    kept[threadIdx.x] = values[threadIdx.x];
    __syncthreads();
    values[threadIdx.x] = kept[blockDim.x - 1 - threadIdx.x];
}

__global__ void some_return(int *values)
{
    if (threadIdx.x % 2)
        return;
    __syncthreads();
    values[threadIdx.x] = 1;
}

__global__ void two_barriers()
{
    if (threadIdx.x % 2)
        __syncthreads();
    else
        __syncthreads();
}

__global__ void wait_for_another(volatile int *flag)
{
    if (threadIdx.x)
        while (!*flag) {
        }
    else
        *flag = 1;
}

__global__ void count_unguarded(int *count)
{
    *count += 1;
}

__global__ void read_beyond(const int *values, int n, int *found)
{
    *found = values[n];
}

__global__ void nothing() {}

__global__ void draw(curandState *states, unsigned long long seed, double *uniform, double *normal, double *poisson)
{
    const int k = blockIdx.x * blockDim.x + threadIdx.x;
    curand_init(seed, k, 0, &states[k]);
    curandState own = states[k];
    uniform[k] = curand_uniform_double(&own);
    normal[k] = curand_normal_double(&own);
    poisson[k] = curand_poisson(&own, 3.5);
}

template <class T> void show(const T *device, int n)
{
    T *host = new T[n];
    cudaMemcpy(host, device, n * sizeof(T), cudaMemcpyDeviceToHost);
    for (int k = 0; k < n; k++)
        printf("%.17g ", double(host[k]));
    printf("\n");
    delete[] host;
}

int main(int argc, char **argv)
{
    const std::string what = argv[1];
    const int threads = argc > 2 ? atoi(argv[2]) : 32, blocks = 3, n = threads * blocks;
    int *values, *next;
    cudaMalloc((void **)&values, n * sizeof(int));
    cudaMalloc((void **)&next, sizeof(int));
    if (what == "unset")
        show(values, 2);
    cudaMemset(next, 0, sizeof(int));
    int *host = new int[n];
    for (int k = 0; k < n; k++)
        host[k] = k + 1;
    cudaMemcpy(values, host, n * sizeof(int), cudaMemcpyHostToDevice);
    delete[] host;
    if (what == "order") {
        note_order<<<blocks, threads>>>(values, next);
        show(values, n);
    } else if (what == "sum" || what == "missing-barrier") {
        add_up<<<blocks, threads>>>(values, n, what == "sum");
        int found;
        cudaMemcpyFromSymbol(&found, total, sizeof(int));
        printf("%d\n", found);
    } else if (what == "reverse") {
        reverse<<<1, threads, threads * sizeof(int)>>>(values);
        show(values, threads);
    } else if (what == "return") {
        some_return<<<1, threads>>>(values);
        show(values, 2);
    } else if (what == "two-barriers") {
        two_barriers<<<1, threads>>>();
    } else if (what == "endless") {
        wait_for_another<<<1, threads>>>(next);
    } else if (what == "race") {
        count_unguarded<<<1, threads>>>(next);
    } else if (what == "beyond") {
        read_beyond<<<1, 1>>>(values, n, next);
    } else if (what == "refused") {
        nothing<<<0, 32>>>();
        printf("%s\n", cudaGetErrorString(cudaGetLastError()));
        nothing<<<1, 1025>>>();
        printf("%s\n", cudaGetErrorString(cudaGetLastError()));
        printf("%s\n", cudaGetErrorString(cudaGetLastError()));
    } else if (what == "thrust") {
        thrust::device_vector<int> keys(3);
        keys[0] = 2; keys[1] = 3; keys[2] = 1;
        thrust::sort(keys.begin(), keys.end());
        show(thrust::raw_pointer_cast(&keys[0]), 3);
    } else if (what == "kernel-draws" || what == "host-draws") {
        const int many = 32 * 625;
        double *uniform, *normal, *poisson;
        cudaMalloc((void **)&uniform, many * sizeof(double));
        cudaMalloc((void **)&normal, many * sizeof(double));
        cudaMalloc((void **)&poisson, many * sizeof(double));
        if (what == "kernel-draws") {
            curandState *states;
            cudaMalloc((void **)&states, many * sizeof(curandState));
            draw<<<many / 32, 32>>>(states, threads, uniform, normal, poisson);
        } else {
            curandGenerator_t generator;
            curandCreateGenerator(&generator, CURAND_RNG_PSEUDO_DEFAULT);
            curandSetPseudoRandomGeneratorSeed(generator, threads);
            curandGenerateUniformDouble(generator, uniform, many);
            curandGenerateNormalDouble(generator, normal, many, 0, 1);
            unsigned *counts;
            cudaMalloc((void **)&counts, many * sizeof(unsigned));
            curandGeneratePoisson(generator, counts, many, 3.5);
            for (int k = 0; k < many; k++)  // one memory for both here
                poisson[k] = counts[k];
        }
        show(uniform, many);
        show(normal, many);
        show(poisson, many);
    }
    return 0;
}
"""


def compiled(folder, text=PROGRAM, sanitizer=None, extra=()):
    """The folder of the program, compiled there."""
    (folder / "main.cu").write_text(text)
    translate(folder)
    compile_project(folder, cpu_recipe(OnCpu(sanitizer=sanitizer), ["main.cu"], list(extra)), usable_cache())
    return folder


def carried_out(folder, *arguments, on_cpu=None, **more):
    """What the program prints, or an error that ends it; `more` are further variables of the environment."""
    settings = on_cpu or OnCpu()
    done = subprocess.run(
        [folder / "main", *map(str, arguments)],
        env=settings.environment | {"PATH": "/usr/bin:/bin"} | more,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    return done.returncode, done.stdout.split("\n"), done.stderr

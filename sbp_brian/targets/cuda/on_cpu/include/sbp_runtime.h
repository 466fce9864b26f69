// CUDA's runtime as far as generated programs use it. Memory of the device is memory of its own, and holds nothing
// sensible until something is written to it.
#ifndef SBP_RUNTIME_H
#define SBP_RUNTIME_H

enum cudaMemcpyKind {
    cudaMemcpyHostToHost,
    cudaMemcpyHostToDevice,
    cudaMemcpyDeviceToHost,
    cudaMemcpyDeviceToDevice,
};
enum cudaLimit { cudaLimitStackSize, cudaLimitPrintfFifoSize, cudaLimitMallocHeapSize };

struct cudaDeviceProp {
    char name[256];
    size_t totalGlobalMem, sharedMemPerBlock;
    int warpSize, maxThreadsPerBlock, maxThreadsPerMultiProcessor, multiProcessorCount, major, minor, regsPerBlock;
};

struct cudaFuncAttributes {
    size_t sharedSizeBytes, constSizeBytes, localSizeBytes;
    int maxThreadsPerBlock, numRegs;
};

inline const char *cudaGetErrorString(cudaError found)
{
    switch (found) {
    case cudaSuccess:
        return "no error";
    case cudaErrorInvalidValue:
        return "invalid argument";
    case cudaErrorMemoryAllocation:
        return "out of memory";
    case cudaErrorInvalidConfiguration:
        return "invalid configuration argument";
    }
    return "unknown error";
}

inline cudaError cudaGetLastError()
{
    const cudaError found = sbp_on_cpu::last_error();
    sbp_on_cpu::last_error() = cudaSuccess;
    return found;
}

inline cudaError cudaPeekAtLastError() { return sbp_on_cpu::last_error(); }
inline cudaError cudaDeviceSynchronize() { return cudaSuccess; }
inline cudaError cudaDeviceReset() { return cudaSuccess; }
inline cudaError cudaSetDevice(int) { return cudaSuccess; }
inline cudaError cudaDeviceSetLimit(cudaLimit, size_t) { return cudaSuccess; }
inline cudaError cudaProfilerStart() { return cudaSuccess; }
inline cudaError cudaProfilerStop() { return cudaSuccess; }

namespace sbp_on_cpu {
constexpr size_t MEMORY = size_t(8) << 30;
constexpr int PROCESSORS = 2;
}  // namespace sbp_on_cpu

inline cudaError cudaMemGetInfo(size_t *left, size_t *total)
{
    *left = *total = sbp_on_cpu::MEMORY;
    return cudaSuccess;
}

template <class T> cudaError cudaMalloc(T **place, size_t bytes)
{
    void *made = bytes ? std::malloc(bytes) : nullptr;
    if (bytes && !made)
        return sbp_on_cpu::last_error() = cudaErrorMemoryAllocation;
    if (bytes)
        std::memset(made, sbp_on_cpu::UNSET, bytes);
    *place = static_cast<T *>(made);
    return cudaSuccess;
}

inline cudaError cudaFree(void *place)
{
    std::free(place);
    return cudaSuccess;
}

inline cudaError cudaMemset(void *place, int value, size_t bytes)
{
    if (bytes)
        std::memset(place, value, bytes);
    return cudaSuccess;
}

inline cudaError cudaMemcpy(void *to, const void *from, size_t bytes, cudaMemcpyKind)
{
    if (bytes && (!to || !from))
        return sbp_on_cpu::last_error() = cudaErrorInvalidValue;
    if (bytes)
        std::memcpy(to, from, bytes);
    return cudaSuccess;
}

template <class T> cudaError cudaMemcpyToSymbol(T &symbol, const void *from, size_t bytes, size_t offset = 0)
{
    if (offset + bytes > sizeof symbol)
        return sbp_on_cpu::last_error() = cudaErrorInvalidValue;
    std::memcpy(reinterpret_cast<char *>(&symbol) + offset, from, bytes);
    return cudaSuccess;
}

template <class T> cudaError cudaMemcpyFromSymbol(void *to, const T &symbol, size_t bytes, size_t offset = 0)
{
    if (offset + bytes > sizeof symbol)
        return sbp_on_cpu::last_error() = cudaErrorInvalidValue;
    std::memcpy(to, reinterpret_cast<const char *>(&symbol) + offset, bytes);
    return cudaSuccess;
}

inline cudaError cudaGetDeviceProperties(cudaDeviceProp *found, int)
{
    *found = cudaDeviceProp{};
    std::strcpy(found->name, "none: carried out on the CPU");
    found->totalGlobalMem = sbp_on_cpu::MEMORY;
    found->sharedMemPerBlock = sbp_on_cpu::SHARED_BYTES;
    found->warpSize = 32;
    found->maxThreadsPerBlock = sbp_on_cpu::threads_per_block();
    found->maxThreadsPerMultiProcessor = 2048;
    found->multiProcessorCount = sbp_on_cpu::PROCESSORS;
    found->major = 9;
    found->regsPerBlock = 65536;
    return cudaSuccess;
}

template <class F> cudaError cudaFuncGetAttributes(cudaFuncAttributes *found, F)
{
    *found = cudaFuncAttributes{};
    found->maxThreadsPerBlock = sbp_on_cpu::threads_per_block();
    return cudaSuccess;
}

template <class F> cudaError cudaOccupancyMaxActiveBlocksPerMultiprocessor(int *blocks, F, int threads, size_t)
{
    *blocks = threads > 0 ? max(1, 2048 / threads) : 0;
    return cudaSuccess;
}

template <class F> cudaError cudaOccupancyMaxPotentialBlockSize(int *grid, int *block, F, size_t = 0, int limit = 0)
{
    const int threads = sbp_on_cpu::threads_per_block();
    *block = limit > 0 ? min(limit, threads) : threads;
    *grid = sbp_on_cpu::PROCESSORS;
    return cudaSuccess;
}

#endif

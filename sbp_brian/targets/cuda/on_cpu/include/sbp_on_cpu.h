// What a generated CUDA program finds in the place of CUDA's own headers: it is read before each of its files.
// Thrust is the kept library of CCCL with its host backend; the rest stands beside this file.
#ifndef SBP_ON_CPU_H
#define SBP_ON_CPU_H

#define THRUST_DEVICE_SYSTEM THRUST_DEVICE_SYSTEM_CPP
#include <thrust/copy.h>
#include <thrust/count.h>
#include <thrust/device_ptr.h>
#include <thrust/device_vector.h>
#include <thrust/execution_policy.h>
#include <thrust/host_vector.h>
#include <thrust/pair.h>
#include <thrust/reduce.h>
#include <thrust/sequence.h>
#include <thrust/sort.h>
#include <thrust/system_error.h>
#include <thrust/unique.h>

#include <algorithm>
#include <cassert>
#include <chrono>
#include <climits>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <fstream>
#include <iostream>
#include <map>
#include <random>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include "sbp_launch.h"
#ifdef SBP_ON_CPU_THREADS
#include "sbp_threads.h"
#else
#include "sbp_fibres.h"
#endif
#include "sbp_device_functions.h"
#include "sbp_runtime.h"
#include "sbp_curand.h"

// Kernels see what nvcc's pass for the GPU sees; files that run on the host alone take this back (`sbp_host.h`).
#define __CUDA_ARCH__ 900

#endif

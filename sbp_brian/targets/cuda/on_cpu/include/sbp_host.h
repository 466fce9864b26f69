// For files whose code runs on the host alone: they see what nvcc's pass for the host sees.
#undef __CUDA_ARCH__

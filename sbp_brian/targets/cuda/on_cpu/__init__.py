"""A generated CUDA program carried out on the CPU: neither a GPU nor nvcc nor curand is needed, a C++ compiler is.

The files that brian2cuda generates are compiled as C++ against the headers in ``include``, which stand in for CUDA's. A
kernel's blocks run one after another; the threads of a block are fibres that change at barriers, in an order that is
drawn from a seed. What a GPU would compute is found out so, and nothing of its speed.
"""

// What kernels call: barriers, atomic operations, and numbers by their bits.
#ifndef SBP_DEVICE_FUNCTIONS_H
#define SBP_DEVICE_FUNCTIONS_H

#define __syncthreads()                                                                                                 \
    ([] {                                                                                                               \
        static const ::sbp_on_cpu::Place here{__FILE__, __LINE__};                                                      \
        ::sbp_on_cpu::barrier(here);                                                                                    \
    }())
inline void __threadfence() { ::sbp_on_cpu::fence(); }

namespace sbp_on_cpu {

// Every thread writes the same here, and no thread reads what was there before: no race, though nothing guards it.
template <class T, class V> __attribute__((noinline, no_sanitize("thread"))) void write_same(T &place, const V &value)
{
    place = value;
}

template <class To, class From> To bits(From value)
{
    static_assert(sizeof(To) == sizeof(From), "the same bits");
    To made;
    std::memcpy(&made, &value, sizeof made);
    return made;
}

template <size_t bytes> struct Bits;
template <> struct Bits<4> {
    typedef uint32_t type;
};
template <> struct Bits<8> {
    typedef uint64_t type;
};

// Replace a value by what `change` makes of it, as one step; gives what was there.
template <class T, class F> T replace(T *address, F change)
{
    typedef typename Bits<sizeof(T)>::type Word;
    Word *words = reinterpret_cast<Word *>(address);
    Word before = __atomic_load_n(words, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(words, &before, bits<Word>(T(change(bits<T>(before)))), false, __ATOMIC_RELAXED,
                                        __ATOMIC_RELAXED)) {
    }
    return bits<T>(before);
}

template <class T> struct Same {
    typedef T type;
};
template <class T> using same = typename Same<T>::type;

}  // namespace sbp_on_cpu

#define SBP_ATOMIC(NAME, CHANGED)                                                                                       \
    template <class T> T NAME(T *address, ::sbp_on_cpu::same<T> value)                                                  \
    {                                                                                                                   \
        return ::sbp_on_cpu::replace(address, [value](T before) { return CHANGED; });                                   \
    }
SBP_ATOMIC(atomicAdd, before + value)
SBP_ATOMIC(atomicSub, before - value)
SBP_ATOMIC(atomicExch, ((void)before, value))
SBP_ATOMIC(atomicMin, before < value ? before : value)
SBP_ATOMIC(atomicMax, before > value ? before : value)
#undef SBP_ATOMIC

template <class T> T atomicCAS(T *address, ::sbp_on_cpu::same<T> expected, ::sbp_on_cpu::same<T> value)
{
    return ::sbp_on_cpu::replace(address, [=](T before) { return before == expected ? value : before; });
}

inline long long __double_as_longlong(double x) { return ::sbp_on_cpu::bits<long long>(x); }
inline double __longlong_as_double(long long x) { return ::sbp_on_cpu::bits<double>(x); }
inline int __float_as_int(float x) { return ::sbp_on_cpu::bits<int>(x); }
inline float __int_as_float(int x) { return ::sbp_on_cpu::bits<float>(x); }

// CUDA has these without a namespace, for the host, too.
#define SBP_LEAST_MOST(TYPE)                                                                                            \
    inline TYPE min(TYPE a, TYPE b) { return b < a ? b : a; }                                                           \
    inline TYPE max(TYPE a, TYPE b) { return a < b ? b : a; }
SBP_LEAST_MOST(int)
SBP_LEAST_MOST(unsigned)
SBP_LEAST_MOST(long)
SBP_LEAST_MOST(unsigned long)
SBP_LEAST_MOST(float)
SBP_LEAST_MOST(double)
#undef SBP_LEAST_MOST

#endif

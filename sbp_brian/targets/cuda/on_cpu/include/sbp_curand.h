// Random numbers in the place of curand's: of the same distributions, other numbers.
#ifndef SBP_CURAND_H
#define SBP_CURAND_H
#define CURAND_H_

enum curandStatus {
    CURAND_STATUS_SUCCESS = 0,
    CURAND_STATUS_VERSION_MISMATCH = 100,
    CURAND_STATUS_NOT_INITIALIZED = 101,
    CURAND_STATUS_ALLOCATION_FAILED = 102,
    CURAND_STATUS_TYPE_ERROR = 103,
    CURAND_STATUS_OUT_OF_RANGE = 104,
    CURAND_STATUS_LENGTH_NOT_MULTIPLE = 105,
    CURAND_STATUS_DOUBLE_PRECISION_REQUIRED = 106,
    CURAND_STATUS_LAUNCH_FAILURE = 201,
    CURAND_STATUS_PREEXISTING_FAILURE = 202,
    CURAND_STATUS_INITIALIZATION_FAILED = 203,
    CURAND_STATUS_ARCH_MISMATCH = 204,
    CURAND_STATUS_INTERNAL_ERROR = 999,
};
typedef curandStatus curandStatus_t;

enum curandRngType_t {
    CURAND_RNG_PSEUDO_DEFAULT = 100,
    CURAND_RNG_PSEUDO_XORWOW = 101,
    CURAND_RNG_PSEUDO_MRG32K3A = 121,
    CURAND_RNG_PSEUDO_MTGP32 = 141,
    CURAND_RNG_PSEUDO_MT19937 = 142,
    CURAND_RNG_PSEUDO_PHILOX4_32_10 = 161,
};
enum curandOrdering_t {
    CURAND_ORDERING_PSEUDO_BEST = 100,
    CURAND_ORDERING_PSEUDO_DEFAULT = 101,
    CURAND_ORDERING_PSEUDO_SEEDED = 102,
};

namespace sbp_on_cpu {

// A generator of the standard's kind on `Draws`; plain data, so that it can lie in memory of the device.
struct Numbers {
    uint64_t state;
    typedef uint64_t result_type;
    static constexpr uint64_t min() { return 0; }
    static constexpr uint64_t max() { return ~uint64_t(0); }
    uint64_t operator()()
    {
        Draws draws(state);
        const uint64_t drawn = draws.next();
        state += 0x9E3779B97F4A7C15ull;
        return drawn;
    }
};

// As curand's: above 0, up to 1.
template <class T> T uniform(Numbers &numbers)
{
    const int digits = std::numeric_limits<T>::digits;
    return T((numbers() >> (64 - digits)) + 1) * std::ldexp(T(1), -digits);
}

template <class T> T normal(Numbers &numbers)
{
    const double radius = std::sqrt(-2 * std::log(uniform<double>(numbers)));
    return T(radius * std::cos(6.283185307179586 * uniform<double>(numbers)));
}

inline unsigned poisson(Numbers &numbers, double mean)
{
    return mean > 0 ? std::poisson_distribution<unsigned>(mean)(numbers) : 0;
}

}  // namespace sbp_on_cpu

struct curandGenerator_st {
    unsigned long long seed = 0, offset = 0;
    sbp_on_cpu::Numbers numbers{0};
    void restart() { numbers.state = sbp_on_cpu::Draws(seed ^ 0x5BDBull).next() + 0x9E3779B97F4A7C15ull * offset; }
};
typedef curandGenerator_st *curandGenerator_t;

inline curandStatus curandCreateGenerator(curandGenerator_t *made, curandRngType_t)
{
    *made = new curandGenerator_st;
    (*made)->restart();
    return CURAND_STATUS_SUCCESS;
}

inline curandStatus curandDestroyGenerator(curandGenerator_t generator)
{
    delete generator;
    return CURAND_STATUS_SUCCESS;
}

inline curandStatus curandSetPseudoRandomGeneratorSeed(curandGenerator_t generator, unsigned long long seed)
{
    generator->seed = seed;
    generator->restart();
    return CURAND_STATUS_SUCCESS;
}

inline curandStatus curandSetGeneratorOffset(curandGenerator_t generator, unsigned long long offset)
{
    generator->offset = offset;
    generator->restart();
    return CURAND_STATUS_SUCCESS;
}

inline curandStatus curandSetGeneratorOrdering(curandGenerator_t, curandOrdering_t) { return CURAND_STATUS_SUCCESS; }

namespace sbp_on_cpu {
template <class T, class F> curandStatus fill(curandGenerator_t generator, T *out, size_t n, F draw)
{
    for (size_t k = 0; k < n; k++)
        out[k] = draw(generator->numbers);
    return CURAND_STATUS_SUCCESS;
}
template <class T> curandStatus fill_normal(curandGenerator_t generator, T *out, size_t n, T mean, T deviation)
{
    if (n % 2)
        return CURAND_STATUS_LENGTH_NOT_MULTIPLE;  // curand makes them in pairs
    return fill(generator, out, n, [=](Numbers &numbers) { return mean + deviation * normal<T>(numbers); });
}
}  // namespace sbp_on_cpu

inline curandStatus curandGenerateUniform(curandGenerator_t generator, float *out, size_t n)
{
    return sbp_on_cpu::fill(generator, out, n, sbp_on_cpu::uniform<float>);
}

inline curandStatus curandGenerateUniformDouble(curandGenerator_t generator, double *out, size_t n)
{
    return sbp_on_cpu::fill(generator, out, n, sbp_on_cpu::uniform<double>);
}

inline curandStatus curandGenerateNormal(curandGenerator_t generator, float *out, size_t n, float mean, float deviation)
{
    return sbp_on_cpu::fill_normal(generator, out, n, mean, deviation);
}

inline curandStatus curandGenerateNormalDouble(curandGenerator_t generator, double *out, size_t n, double mean,
                                               double deviation)
{
    return sbp_on_cpu::fill_normal(generator, out, n, mean, deviation);
}

inline curandStatus curandGeneratePoisson(curandGenerator_t generator, unsigned *out, size_t n, double mean)
{
    return sbp_on_cpu::fill(generator, out, n,
                            [mean](sbp_on_cpu::Numbers &numbers) { return sbp_on_cpu::poisson(numbers, mean); });
}

typedef sbp_on_cpu::Numbers curandState;
typedef curandState curandState_t;

inline void curand_init(unsigned long long seed, unsigned long long sequence, unsigned long long offset,
                        curandState *state)
{
    sbp_on_cpu::Draws of_seed(seed);
    const uint64_t start = of_seed.next();
    sbp_on_cpu::Draws of_sequence(start + sequence);
    state->state = of_sequence.next() + 0x9E3779B97F4A7C15ull * offset;
}

inline float curand_uniform(curandState *state) { return sbp_on_cpu::uniform<float>(*state); }
inline double curand_uniform_double(curandState *state) { return sbp_on_cpu::uniform<double>(*state); }
inline float curand_normal(curandState *state) { return sbp_on_cpu::normal<float>(*state); }
inline double curand_normal_double(curandState *state) { return sbp_on_cpu::normal<double>(*state); }
inline unsigned curand_poisson(curandState *state, double mean) { return sbp_on_cpu::poisson(*state, mean); }

#endif

// Starting kernels: shapes, settings, the order of blocks and threads, the ends that are errors, and shared memory.
#ifndef SBP_LAUNCH_H
#define SBP_LAUNCH_H

#define __global__
#define __device__
#define __host__
#define __constant__
#ifndef __forceinline__
#define __forceinline__ inline
#endif
#define __launch_bounds__(...)

struct uint3 {
    unsigned x, y, z;
};

struct dim3 {
    unsigned x, y, z;
    dim3(unsigned x = 1, unsigned y = 1, unsigned z = 1) : x(x), y(y), z(z) {}
    size_t count() const { return size_t(x) * y * z; }
    uint3 at(size_t k) const
    {
        if (y == 1 && z == 1)  // the usual case, without divisions
            return {unsigned(k), 0, 0};
        return {unsigned(k % x), unsigned(k / x % y), unsigned(k / (size_t(x) * y))};
    }
};

enum cudaError {
    cudaSuccess = 0,
    cudaErrorInvalidValue = 1,
    cudaErrorMemoryAllocation = 2,
    cudaErrorInvalidConfiguration = 9,
};
typedef cudaError cudaError_t;

namespace sbp_on_cpu {

constexpr int SHARED_BYTES = 48 << 10;
constexpr unsigned MOST_THREADS = 1024;
constexpr unsigned char UNSET = 0xCD;  // what memory holds that nobody has written

inline unsigned long setting(const char *name, unsigned long otherwise)
{
    const char *text = std::getenv(name);
    return text && *text ? std::strtoul(text, nullptr, 10) : otherwise;
}

// Threads in a block where the program asks the device how many it can have.
inline int threads_per_block()
{
    static const int found = int(setting("SBP_ON_CPU_BLOCK", 32));
    return found;
}

// Ends the program with one line, which the caller shows.
[[noreturn]] inline void fail(const std::string &said)
{
    std::fflush(stdout);
    std::fprintf(stderr, "%s\n", said.c_str());
    std::fflush(stderr);
    std::_Exit(3);
}

inline cudaError &last_error()
{
    static cudaError found = cudaSuccess;
    return found;
}

// Numbers for orders, by the seed of the run: splitmix64.
class Draws {
    uint64_t state;

public:
    explicit Draws(uint64_t seed) : state(seed) {}
    uint64_t next()
    {
        uint64_t z = (state += 0x9E3779B97F4A7C15ull);
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9ull;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBull;
        return z ^ (z >> 31);
    }
    template <class T> void shuffle(std::vector<T> &items)
    {
        for (size_t k = items.size(); k > 1; k--)
            std::swap(items[k - 1], items[size_t((unsigned __int128)(next()) * k >> 64)]);
    }
};

// Order 0 is as they are numbered; every other one is drawn anew for each launch and after each barrier.
inline unsigned long order_seed()
{
    static const unsigned long found = setting("SBP_ON_CPU_ORDER", 0);
    return found;
}

inline Draws &draws()
{
    static Draws found(order_seed());
    return found;
}

template <class T> void put_in_order(std::vector<T> &items)
{
    if (order_seed())
        draws().shuffle(items);
}

inline std::vector<size_t> numbers(size_t n)
{
    std::vector<size_t> found(n);
    for (size_t k = 0; k < n; k++)
        found[k] = k;
    return found;
}

struct Place {
    const char *file;
    int line;
    bool operator==(const Place &other) const { return line == other.line && !std::strcmp(file, other.file); }
    std::string text() const { return std::string(file) + ":" + std::to_string(line); }
};

[[noreturn]] inline void different_barriers(const char *kernel, const Place &one, const Place &other)
{
    fail(std::string("kernel ") + kernel + " deadlocks: of the threads of one block some wait at the barrier in "
         + one.text() + " and others at that in " + other.text());
}

// The shared memory of one block: it holds nothing sensible until the block has written to it.
class Shared {
    std::map<const void *, std::pair<std::vector<char>, unsigned long>> named;
    std::vector<char> dynamic;
    unsigned long block = 0;

public:
    void begin(size_t bytes)
    {
        block++;
        if (dynamic.size() != bytes)
            std::vector<char>(bytes).swap(dynamic);
        std::fill(dynamic.begin(), dynamic.end(), char(UNSET));
    }
    void *of_launch() { return dynamic.data(); }
    void *variable(const void *key, size_t bytes)
    {
        auto &found = named[key];
        if (found.second != block) {
            found.second = block;
            if (found.first.empty())
                std::vector<char>(bytes).swap(found.first);
            std::memset(found.first.data(), UNSET, bytes);
        }
        return found.first.data();
    }
};

struct Kernel {
    const char *name;
    dim3 grid, block;
    size_t shared_bytes;
    void (*call)(const void *);
    const void *arguments;
};

void carry_out(const Kernel &kernel);  // by fibres or by threads

template <class... P> class Launch {
    void (*kernel)(P...);
    const char *name;
    dim3 grid, block;
    size_t shared_bytes;

    struct Call {
        void (*kernel)(P...);
        std::tuple<std::decay_t<P>...> values;
    };
    static void call(const void *given)
    {
        const Call &found = *static_cast<const Call *>(given);
        std::apply(found.kernel, found.values);
    }

public:
    Launch(void (*kernel)(P...), const char *name, dim3 grid, dim3 block, size_t shared_bytes)
        : kernel(kernel), name(name), grid(grid), block(block), shared_bytes(shared_bytes)
    {
    }
    template <class... A> void operator()(A &&...given) const
    {
        // what a GPU refuses is refused here
        if (!grid.count() || !block.count() || block.count() > MOST_THREADS || shared_bytes > SHARED_BYTES) {
            last_error() = cudaErrorInvalidConfiguration;
            return;
        }
        const Call made{kernel, {static_cast<std::decay_t<P>>(given)...}};
        carry_out({name, grid, block, shared_bytes, call, &made});
    }
};

template <class... P>
Launch<P...> launch(void (*kernel)(P...), const char *name, dim3 grid, dim3 block, size_t shared_bytes = 0)
{
    return {kernel, name, grid, block, shared_bytes};
}

}  // namespace sbp_on_cpu

#endif

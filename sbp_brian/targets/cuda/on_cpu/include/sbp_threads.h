// Kernels carried out by real threads, for the thread sanitizer: it reports what two threads of a launch touch unguarded.
// A team of threads carries out one block after another; several teams run beside each other.
#ifndef SBP_THREADS_H
#define SBP_THREADS_H

#include <atomic>
#include <memory>
#include <mutex>
#include <thread>

inline thread_local uint3 threadIdx, blockIdx;
inline dim3 blockDim, gridDim;

namespace sbp_on_cpu {

// Where threads wait until all have come that have not ended. It is made of atomic operations alone: a lock would put
// in order what threads do after it, and so hide what nothing else guards.
class Gate {
    static constexpr uint64_t ONE = uint64_t(1) << 32;
    std::atomic<uint64_t> counts{0};  // upper half: threads that still come; lower half: those that wait
    std::atomic<unsigned> round{0};

    static bool full(uint64_t seen) { return uint32_t(seen) && uint32_t(seen) == seen >> 32; }

public:
    void expect(size_t threads) { counts.store(threads * ONE); }

    template <class Check> void wait(Check check)
    {
        const unsigned own = round.load(std::memory_order_relaxed);
        const uint64_t seen = counts.fetch_add(1, std::memory_order_acq_rel) + 1;
        if (full(seen)) {
            check();
            open(seen);
        } else {
            while (round.load(std::memory_order_acquire) == own)
                std::this_thread::yield();
        }
    }

    template <class Check> void leave(Check check)
    {
        const uint64_t seen = counts.fetch_sub(ONE, std::memory_order_acquire) - ONE;
        if (full(seen)) {
            check();
            open(seen);
        }
    }

private:
    void open(uint64_t seen)
    {
        counts.fetch_sub(uint32_t(seen), std::memory_order_relaxed);
        round.fetch_add(1, std::memory_order_release);
    }
};

class Team {
    const Kernel &kernel;
    Gate between, barrier;  // of blocks; of the threads of one block
    std::vector<std::atomic<const Place *>> places;  // where each thread waits
    std::mutex memory_guard;
    Shared memory;

    void compare() const
    {
        const Place *first = nullptr;
        for (const auto &each : places) {
            const Place *place = each.load(std::memory_order_relaxed);
            if (first && place && !(*first == *place))
                different_barriers(kernel.name, *first, *place);
            first = place ? place : first;
        }
    }

public:
    explicit Team(const Kernel &kernel) : kernel(kernel), places(kernel.block.count())
    {
        between.expect(places.size());
    }

    void wait(size_t rank, const Place &here)
    {
        places[rank].store(&here, std::memory_order_relaxed);
        barrier.wait([this] { compare(); });
    }

    void work(size_t rank, const std::vector<size_t> &order, size_t first, size_t step)
    {
        for (size_t k = first; k < order.size(); k += step) {
            between.wait([this] {
                barrier.expect(places.size());
                memory.begin(kernel.shared_bytes);
            });
            threadIdx = kernel.block.at(rank);
            blockIdx = kernel.grid.at(order[k]);
            kernel.call(kernel.arguments);
            places[rank].store(nullptr, std::memory_order_relaxed);
            barrier.leave([this] { compare(); });
        }
    }

    void *variable(const void *key, size_t bytes)
    {
        std::unique_lock<std::mutex> held(memory_guard);
        return memory.variable(key, bytes);
    }

    void *of_launch() { return memory.of_launch(); }
};

inline thread_local Team *team = nullptr;  // of this thread, and its number there
inline thread_local size_t rank_in_team = 0;

inline void carry_out(const Kernel &kernel)
{
    constexpr size_t AT_ONCE = 64;
    blockDim = kernel.block;
    gridDim = kernel.grid;
    const size_t blocks = kernel.grid.count(), threads = kernel.block.count();
    const size_t teams = std::min(blocks, std::max<size_t>(2, AT_ONCE / threads));
    std::vector<size_t> order = numbers(blocks);
    put_in_order(order);
    std::vector<std::unique_ptr<Team>> made;
    std::vector<std::thread> running;
    for (size_t t = 0; t < teams; t++) {
        made.push_back(std::make_unique<Team>(kernel));
        for (size_t rank = 0; rank < threads; rank++)
            running.emplace_back([&order, own = made.back().get(), rank, t, teams] {
                team = own;
                rank_in_team = rank;
                own->work(rank, order, t, teams);
            });
    }
    for (std::thread &each : running)
        each.join();
}

// The sanitizer knows no fences: what comes before one is put in order with what comes after another.
inline void fence()
{
    static std::atomic<unsigned> passed{0};
    passed.fetch_add(1, std::memory_order_acq_rel);
}

inline void barrier(const Place &place)
{
    if (!team)
        fail("a barrier (" + place.text() + ") outside of a kernel");
    team->wait(rank_in_team, place);
}
template <class T> T &shared(const void *key) { return *static_cast<T *>(team->variable(key, sizeof(T))); }
inline void *shared_of_launch() { return team->of_launch(); }

}  // namespace sbp_on_cpu

#endif

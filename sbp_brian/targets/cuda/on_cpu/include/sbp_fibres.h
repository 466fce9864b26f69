// Kernels carried out by one thread of the CPU: blocks one after another, the threads of a block as fibres.
// A fibre runs one thread of the block after another, until one comes to a barrier: then another fibre goes on with the
// rest. So only kernels with barriers need as many fibres as their blocks have threads.
#ifndef SBP_FIBRES_H
#define SBP_FIBRES_H

#include <csignal>
#include <sys/mman.h>
#include <sys/time.h>
#include <unistd.h>
#if !defined(__x86_64__) || defined(SBP_ON_CPU_UCONTEXT)
#define SBP_ON_CPU_PORTABLE
#include <ucontext.h>
#endif
#ifdef __SANITIZE_ADDRESS__
#include <sanitizer/common_interface_defs.h>
#endif

inline uint3 threadIdx, blockIdx;
inline dim3 blockDim, gridDim;

namespace sbp_on_cpu {

// Where a flow of control stands that is not running.
struct Flow {
#ifdef SBP_ON_CPU_PORTABLE
    ucontext_t context;
#else
    void *context = nullptr;
#endif
    const void *bottom = nullptr;  // of its stack
    size_t size = 0;
};

#ifndef SBP_ON_CPU_PORTABLE
extern "C" void sbp_on_cpu_switch(void **from, void *to);
asm(R"(
    .text
    .weak sbp_on_cpu_switch
    .type sbp_on_cpu_switch, @function
sbp_on_cpu_switch:
    push %rbx
    push %rbp
    push %r12
    push %r13
    push %r14
    push %r15
    mov %rsp, (%rdi)
    mov %rsi, %rsp
    pop %r15
    pop %r14
    pop %r13
    pop %r12
    pop %rbp
    pop %rbx
    ret
    .size sbp_on_cpu_switch, . - sbp_on_cpu_switch
)");
#endif

struct Fibre {
    Flow flow;
    uint3 thread{};
    Place waits{};
    bool waiting = false;
};

class Block {
    static constexpr size_t STACK = 256 << 10;
    Flow scheduler;
    std::vector<Fibre *> idle, waiting;
    Fibre *running = nullptr;
    const Kernel *kernel = nullptr;
    std::vector<size_t> order;
    size_t next = 0;

    static void begin();

    void switch_to(Flow &from, Flow &to)
    {
#ifdef __SANITIZE_ADDRESS__
        void *saved = nullptr;
        __sanitizer_start_switch_fiber(&saved, to.bottom, to.size);
#endif
#ifdef SBP_ON_CPU_PORTABLE
        swapcontext(&from.context, &to.context);
#else
        sbp_on_cpu_switch(&from.context, to.context);
#endif
#ifdef __SANITIZE_ADDRESS__
        arrived(saved);
#endif
    }

#ifdef __SANITIZE_ADDRESS__
    void arrived(void *saved)
    {
        const void *bottom;
        size_t size;
        __sanitizer_finish_switch_fiber(saved, &bottom, &size);
        if (running && !scheduler.bottom)  // the first switch tells where the scheduler's own stack is
            scheduler.bottom = bottom, scheduler.size = size;
    }
#endif

    Fibre *made()
    {
        const size_t page = size_t(sysconf(_SC_PAGESIZE));
        char *stack = static_cast<char *>(
            mmap(nullptr, STACK + page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0));
        if (stack == MAP_FAILED || mprotect(stack, page, PROT_NONE))
            fail("no memory for the stack of a thread of a kernel");
        stack += page;
        Fibre *fibre = new Fibre;
        fibre->flow.bottom = stack;
        fibre->flow.size = STACK;
#ifdef SBP_ON_CPU_PORTABLE
        getcontext(&fibre->flow.context);
        fibre->flow.context.uc_stack.ss_sp = stack;
        fibre->flow.context.uc_stack.ss_size = STACK;
        fibre->flow.context.uc_link = nullptr;
        makecontext(&fibre->flow.context, begin, 0);
#else
        void **top = reinterpret_cast<void **>(stack + STACK);
        *--top = nullptr;  // begin() finds the stack as if it had been called
        *--top = reinterpret_cast<void *>(&begin);
        top -= 6;
        fibre->flow.context = top;
#endif
        return fibre;
    }

    void resume(Fibre *fibre)
    {
        running = fibre;
        fibre->waiting = false;
        switch_to(scheduler, fibre->flow);
        running = nullptr;
        (fibre->waiting ? waiting : idle).push_back(fibre);
    }

    void run_threads()
    {
        while (next < order.size()) {
            steps++;
            threadIdx = running->thread = kernel->block.at(order[next++]);
            kernel->call(kernel->arguments);
        }
    }

public:
    Shared shared;
    volatile unsigned long steps = 0;  // threads that began or went on, for the watch

    const char *name() const { return kernel ? kernel->name : nullptr; }

    void run(const Kernel &given, const uint3 &index)
    {
        kernel = &given;
        blockIdx = index;
        shared.begin(given.shared_bytes);
        order = numbers(given.block.count());
        put_in_order(order);
        next = 0;
        while (next < order.size()) {
            if (idle.empty())
                idle.push_back(made());
            Fibre *fibre = idle.back();
            idle.pop_back();
            resume(fibre);
        }
        while (!waiting.empty()) {
            std::vector<Fibre *> released;
            released.swap(waiting);
            for (Fibre *fibre : released)
                if (!(fibre->waits == released[0]->waits))
                    different_barriers(given.name, released[0]->waits, fibre->waits);
            put_in_order(released);
            for (Fibre *fibre : released)
                resume(fibre);
        }
        kernel = nullptr;
    }

    void wait(const Place &place)
    {
        if (!running)
            fail("a barrier (" + place.text() + ") outside of a kernel");
        Fibre *fibre = running;
        fibre->waits = place;
        fibre->waiting = true;
        switch_to(fibre->flow, scheduler);
        steps++;
        threadIdx = fibre->thread;
    }

    void serve()
    {
#ifdef __SANITIZE_ADDRESS__
        arrived(nullptr);
#endif
        for (;;) {
            run_threads();
            switch_to(running->flow, scheduler);
        }
    }
};

inline Block &block()
{
    static Block found;
    return found;
}

inline void Block::begin() { sbp_on_cpu::block().serve(); }

// A thread that waits in a loop for another one would never end here: found by the processor time that it takes.
class Watch {
    static constexpr int EVERY_S = 1;
    static unsigned long &seen()
    {
        static unsigned long found = 0;
        return found;
    }
    static unsigned long &ticks()
    {
        static unsigned long found = 0;
        return found;
    }
    static void tick(int)
    {
        const char *name = block().name();
        if (!name || block().steps != seen()) {
            seen() = block().steps;
            ticks() = 0;
            return;
        }
        static const unsigned long limit = setting("SBP_ON_CPU_PATIENCE", 60);
        if (++ticks() * EVERY_S >= limit) {
            char said[400];
            const int n = std::snprintf(said, sizeof said,
                "kernel %s deadlocks: one of its threads has run for %lu s of processor time; does it wait for another "
                "thread without a barrier?\n", name, limit);
            const ssize_t written = write(2, said, size_t(n));
            std::_Exit(written == n ? 3 : 4);
        }
    }

public:
    Watch()
    {
        std::signal(SIGVTALRM, tick);
        const itimerval every{{EVERY_S, 0}, {EVERY_S, 0}};
        setitimer(ITIMER_VIRTUAL, &every, nullptr);
    }
};

inline void carry_out(const Kernel &kernel)
{
    static const Watch watch;
    blockDim = kernel.block;
    gridDim = kernel.grid;
    std::vector<size_t> order = numbers(kernel.grid.count());
    put_in_order(order);
    for (size_t k : order)
        block().run(kernel, kernel.grid.at(k));
}

inline void fence() {}  // one thread after another
inline void barrier(const Place &place) { block().wait(place); }
template <class T> T &shared(const void *key) { return *static_cast<T *>(block().shared.variable(key, sizeof(T))); }
inline void *shared_of_launch() { return block().shared.of_launch(); }

}  // namespace sbp_on_cpu

#endif

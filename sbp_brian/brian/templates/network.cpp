{# The loop over time steps. Brian2's own looks each object's clock up in a search tree at every step, behind data that large
   synapses have driven out of the cache: with 33 objects and two clocks a quarter of the time of a program. Here clocks
   are numbered once, and what is to be run when certain clocks are due is listed once. A clock whose objects have no
   code (that of synapses, in most networks the default clock) makes no steps of its own: it is put forward to the time
   of the others where code reads it (`read`, by the names of clocks), and at the end of a run. While one clock alone is
   due, which is known for as many steps as lie before the next time of any other one, clocks are not compared. What
   belongs to one clock, or to all of a run (`straight`, lists of functions), is called by a function that names
   each: a processor knows where such calls go. #}
{% macro cpp_file() %}
#include "network.h"
{% if read %}
#include "objects.h"
{% endif %}
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdlib>
#include <new>
#ifdef __linux__
#include <sys/mman.h>
#endif
{{ openmp_pragma('include') }}

#ifndef _WIN32
// Large arrays begin where a line of the cache does, and, of the size of large pages, where these do: a vector instruction
// that reads or writes across two lines takes two of them, and a table of few pages is at hand.
void *operator new(std::size_t bytes)
{
    const std::size_t line = 64, page = 2097152;
    void *found = 0;
    if (bytes < 1024)
        found = std::malloc(bytes ? bytes : 1);
    else if (posix_memalign(&found, bytes < page ? line : page, bytes))
        found = 0;
    if (!found)
        throw std::bad_alloc();
    #ifdef MADV_HUGEPAGE
    if (bytes >= page)
        madvise(found, bytes, MADV_HUGEPAGE);
    #endif
    return found;
}

void operator delete(void *given) noexcept
{
    std::free(given);
}
#endif

double Network::_last_run_time = 0.0;
double Network::_last_run_completed_fraction = 0.0;
bool Network::_globally_stopped = false;
bool Network::_globally_running = false;

{% for name in straight|sum(start=[])|unique %}
void {{name}}();
{% endfor %}

namespace {

{% for functions in straight %}
void straight_{{loop.index0}}()
{
    {% for name in functions %}
    {{name}}();
    {% endfor %}
}
{% endfor %}

//! One function for all of these, 0 where there is none
codeobj_func together(const std::vector<codeobj_func> &functions)
{
    {% for functions in straight %}
    {
        const codeobj_func known[] = { {{functions|join(', ')}} };
        if (functions.size() == {{functions|length}} && std::equal(functions.begin(), functions.end(), known))
            return straight_{{loop.index0}};
    }
    {% endfor %}
    return 0;
}

const size_t most_plans = 64;  // clocks that are due together in ever other ways do not fill the memory

struct Turn
{
    codeobj_func run;
    size_t clock;
};

//! What is to be run, in order, when these clocks are due, and the one function for it
struct Plan
{
    std::vector<char> due;
    std::vector<codeobj_func> functions;
    codeobj_func together;

    void run() const
    {
        if (together)
            together();
        else
            for (codeobj_func function : functions)
                function();
    }
};

double seconds_since(const std::chrono::steady_clock::time_point &begun)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

//! A clock; `regular` is the same where its times are multiples of a step
struct Timed
{
    BaseClock *clock;
    Clock *regular;
};

//! The next time of a clock, as its own tick has it, which is found through a table for each one
inline void tick(const Timed &timed)
{
    if (Clock *clock = timed.regular)
    {
        *clock->timestep += 1;
        *clock->t = *clock->timestep * clock->dt[0];
    }
    else
        timed.clock->tick();
}

//! Steps of the `first` clock, from this one at t on, at which it is due and no other one; 0: it is not alone now
int64_t steps_alone(const std::vector<Timed> &clocks, const std::vector<char> &due, size_t first, double t)
{
    const double most = 1e9;
    double steps = clocks[first].regular ? most : 0;
    for (size_t k = 0; k < clocks.size() && steps > 0; k++)
        if (k != first)
            steps = due[k] ? 0 : std::min(steps, (*clocks[k].clock->t - t)/clocks[first].regular->dt[0] + 0.5);
    return (int64_t)steps;
}

//! Whether code reads the time of this clock
bool is_read(const BaseClock *clock)
{
    {% for name in read %}
    if (clock == &brian::{{name}})
        return true;
    {% endfor %}
    return false;
}

//! Put it forward, as its own ticks would, to its first time that is not before t
void catch_up(const Timed &idle, double t, double same)
{
    if (Clock *clock = idle.regular)
    {
        const int64_t before = (int64_t)((t - same)/clock->dt[0]) - 1;
        if (before > *clock->timestep)
        {
            *clock->timestep = before;
            *clock->t = before*clock->dt[0];
        }
    }
    while (idle.clock->running() && *idle.clock->t - t < -same)
        tick(idle);
}

}

Network::Network() : t(0.0)
{
}

void Network::clear()
{
    objects.clear();
}

void Network::add(BaseClock *clock, codeobj_func func)
{
    objects.push_back(std::make_pair(clock, func));
}

void Network::run(const double duration, report_function tell, const double report_period)
{
    const double begin = t, end = t + duration;
    std::vector<BaseClock*> clocks;
    std::vector<Turn> turns;
    for (const auto &object : objects)
    {
        const size_t k = std::find(clocks.begin(), clocks.end(), object.first) - clocks.begin();
        if (k == clocks.size())
            clocks.push_back(object.first);
        if (object.second)
            turns.push_back(Turn{object.second, k});
    }
    std::vector<Timed> leading, idle, read;
    std::vector<size_t> place(clocks.size());  // of a clock among the leading ones
    for (size_t k = 0; k < clocks.size(); k++)
    {
        clocks[k]->set_interval(begin, end);
        const Timed timed = {clocks[k], dynamic_cast<Clock*>(clocks[k])};
        const bool runs = std::any_of(turns.begin(), turns.end(), [k](const Turn &turn) { return turn.clock == k; });
        if (runs || turns.empty())
        {
            place[k] = leading.size();
            leading.push_back(timed);
        }
        else
        {
            idle.push_back(timed);
            if (is_read(clocks[k]))
                read.push_back(timed);
        }
    }
    std::vector<char> due(leading.size());
    std::vector<Plan> plans;
    size_t plan = 0;

    const auto begun = std::chrono::steady_clock::now();
    double next_report = report_period;
    if (tell)
        tell(0.0, 0.0, begin, duration);
    _globally_running = true;
    _globally_stopped = false;
    bool out_of_time = false;
    double same = 0.0;
    size_t first = 0;
    int64_t alone = 0;  // steps at which no clock but the first is due
    while (!leading.empty() && !_globally_stopped && !out_of_time)
    {
        if (!alone)
        {
            first = 0;
            for (size_t k = 1; k < leading.size(); k++)
                if (*leading[k].clock->t < *leading[first].clock->t)
                    first = k;
        }
        if (!leading[first].clock->running())
            break;
        t = *leading[first].clock->t;
        if (tell && seconds_since(begun) > next_report)
        {
            tell(seconds_since(begun), (t - begin)/duration, begin, duration);
            next_report += report_period;
        }
        // a time is a number of steps times the step: two clocks differ in its last digits, which grow with it
        same = 1e-14*(1 + std::fabs(t));
        for (const Timed &other : read)
            catch_up(other, t, same);
        if (!alone)
        {
            bool differs = plans.empty();
            for (size_t k = 0; k < due.size(); k++)
            {
                const char now = *leading[k].clock->t - t <= same;
                differs |= now != due[k];
                due[k] = now;
            }
            if (differs)
            {
                plan = std::find_if(plans.begin(), plans.end(), [&](const Plan &known) { return known.due == due; })
                       - plans.begin();
                if (plan == plans.size())
                {
                    if (plans.size() == most_plans)
                        plans.clear();
                    plan = plans.size();
                    plans.push_back(Plan{due, {}, 0});
                    for (const Turn &turn : turns)
                        if (due[place[turn.clock]])
                            plans[plan].functions.push_back(turn.run);
                    plans[plan].together = together(plans[plan].functions);
                }
            }
            alone = steps_alone(leading, due, first, t);
        }
        plans[plan].run();
        if (alone)
        {
            tick(leading[first]);
            alone--;
        }
        else
            for (size_t k = 0; k < due.size(); k++)
                if (due[k])
                    tick(leading[k]);
        {% if maximum_run_time is not none %}
        out_of_time = seconds_since(begun) > {{maximum_run_time}};
        {% endif %}
    }
    BaseClock *clock = 0;
    if (out_of_time || _globally_stopped)
    {
        for (const Timed &other : idle)
        {
            catch_up(other, t, same);
            if (*other.clock->t - t <= same)
                tick(other);
        }
        for (BaseClock *one : clocks)
            if (!clock || *one->t < *clock->t)
                clock = one;
    }
    else
        for (const Timed &other : idle)
        {
            catch_up(other, end, same);
            while (other.clock->running())
                tick(other);
        }
    _globally_running = false;
    t = out_of_time || _globally_stopped ? *clock->t : end;
    _last_run_time = seconds_since(begun);
    _last_run_completed_fraction = duration > 0 ? (t - begin)/duration : 1.0;
    if (tell)
        tell(_last_run_time, _last_run_completed_fraction, begin, duration);
}
{% endmacro %}

{% macro h_file() %}
#ifndef _BRIAN_NETWORK_H
#define _BRIAN_NETWORK_H

#include <utility>
#include <vector>
#include "brianlib/clocks.h"

typedef void (*codeobj_func)();
//! elapsed (s), completed fraction, begin (s), duration (s)
typedef void (*report_function)(const double, const double, const double, const double);

class Network
{
public:
    std::vector<std::pair<BaseClock*, codeobj_func> > objects;
    double t;
    static double _last_run_time;
    static double _last_run_completed_fraction;
    static bool _globally_stopped;
    static bool _globally_running;

    Network();
    void clear();
    void add(BaseClock *clock, codeobj_func func);
    void run(const double duration, report_function tell, const double report_period);
};

#endif
{% endmacro %}

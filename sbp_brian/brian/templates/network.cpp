{# The loop over time steps. Brian2's own looks each object's clock up in a search tree at every step, behind data that large
   synapses have driven out of the cache: with 33 objects and two clocks a quarter of the time of a program. Here clocks
   are numbered once, and those that are due are marked once a step. #}
{% macro cpp_file() %}
#include "network.h"
#include <algorithm>
#include <chrono>
#include <cmath>
{{ openmp_pragma('include') }}

double Network::_last_run_time = 0.0;
double Network::_last_run_completed_fraction = 0.0;
bool Network::_globally_stopped = false;
bool Network::_globally_running = false;

namespace {

struct Turn
{
    codeobj_func run;
    size_t clock;
};

double seconds_since(const std::chrono::steady_clock::time_point &begun)
{
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

BaseClock *earliest(const std::vector<BaseClock*> &clocks)
{
    BaseClock *first = clocks[0];
    for (size_t k = 1; k < clocks.size(); k++)
        if (*clocks[k]->t < *first->t)
            first = clocks[k];
    return first;
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
        if (object.second)  // a clock without code only takes part in time
            turns.push_back(Turn{object.second, k});
    }
    for (BaseClock *clock : clocks)
        clock->set_interval(begin, end);
    std::vector<char> due(clocks.size());

    const auto begun = std::chrono::steady_clock::now();
    double next_report = report_period;
    if (tell)
        tell(0.0, 0.0, begin, duration);
    _globally_running = true;
    _globally_stopped = false;
    bool out_of_time = false;
    BaseClock *clock = clocks.empty() ? 0 : earliest(clocks);
    while (clock && clock->running() && !_globally_stopped && !out_of_time)
    {
        t = *clock->t;
        if (tell && seconds_since(begun) > next_report)
        {
            tell(seconds_since(begun), (t - begin)/duration, begin, duration);
            next_report += report_period;
        }
        // a time is a number of steps times the step: two clocks differ in its last digits, which grow with it
        const double same = 1e-14*(1 + std::fabs(t));
        for (size_t k = 0; k < due.size(); k++)
            due[k] = *clocks[k]->t - t <= same;
        for (const Turn &turn : turns)
            if (due[turn.clock])
                turn.run();
        for (size_t k = 0; k < due.size(); k++)
            if (due[k])
                clocks[k]->tick();
        clock = earliest(clocks);
        {% if maximum_run_time is not none %}
        out_of_time = seconds_since(begun) > {{maximum_run_time}};
        {% endif %}
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

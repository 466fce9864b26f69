// Tells how far the simulation is, twice a second, without a cost in the time step: a timer's signal handler writes the
// line. Brian2's own report asks for the time before every object of every step, which can take longer than small objects.
// Only functions that are safe in a signal handler are used.
#include <csignal>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static Network *volatile _sbp_network = 0;
static double _sbp_start, _sbp_length;
static struct timespec _sbp_begun;

static char *_sbp_decimal(char *end, double value)
{
    long millionths = value > 0 ? (long)(1e6*value + 0.5) : 0;
    for (int place = 0; place < 7 || millionths > 0; place++)
    {
        if (place == 6)
            *--end = '.';
        *--end = (char)('0' + millionths % 10);
        millionths /= 10;
    }
    return end;
}

static void _sbp_tell(double fraction)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    char line[128], *begin = line + sizeof(line);
    const char word[] = "sbp-progress ";
    *--begin = '\n';
    begin = _sbp_decimal(begin, (now.tv_sec - _sbp_begun.tv_sec) + 1e-9*(now.tv_nsec - _sbp_begun.tv_nsec));
    *--begin = ' ';
    begin = _sbp_decimal(begin, fraction);
    for (int k = (int)sizeof(word) - 2; k >= 0; k--)
        *--begin = word[k];
    if (write(STDOUT_FILENO, begin, line + sizeof(line) - begin) < 0)
        _sbp_network = 0;  // nobody listens any more
}

static void _sbp_on_timer(int)
{
    if (_sbp_network)
    {
        const double fraction = (_sbp_network->t - _sbp_start)/_sbp_length;
        _sbp_tell(fraction < 0.999999 ? fraction : 0.999999);  // 1 is told after the last step only
    }
}

static void _sbp_set_timer(long period_us)
{
    struct itimerval timer = {{0, period_us}, {0, period_us}};
    setitimer(ITIMER_REAL, &timer, 0);
}

static void _sbp_begin_progress(Network &network, double duration)
{
    _sbp_start = network.t;
    _sbp_length = duration > 0 ? duration : 1;
    clock_gettime(CLOCK_MONOTONIC, &_sbp_begun);
    _sbp_network = &network;
    struct sigaction action = {};
    action.sa_handler = _sbp_on_timer;
    action.sa_flags = SA_RESTART;
    sigaction(SIGALRM, &action, 0);
    std::cout << std::flush;
    _sbp_tell(0);
    _sbp_set_timer(500000);
}

static void _sbp_end_progress()
{
    _sbp_set_timer(0);
    std::cout << std::flush;
    if (_sbp_network)
        _sbp_tell(Network::_last_run_completed_fraction);
    _sbp_network = 0;
}

/* The flagship, `SBPNetwork` with weighted/activity reports, written by hand for one network: what a program that knows
   all sizes beforehand needs for a sample. Compile with -DREAL=double or -DREAL=float, see benchmarks/peers.py.

   flagship FILE TRAINING TEST EPOCHS RATE_HIDDEN RATE_OUTPUT: FILE holds TRAINING + TEST images of 784 bytes, then as many labels of one byte,
   then the weights onto hidden and output cells (doubles), then EPOCHS orders of the training images (int32).
   Prints, of each epoch, the share of right answers while learning and microseconds of processor a sample; last, the
   share of right test answers. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifndef REAL
#define REAL double
#endif

enum { PIXELS = 784, HIDDEN = 500, OUTPUTS = 10, STEPS = 20, FIRST_TAUGHT = 4 };

typedef REAL real;

static real onto_hidden[PIXELS][HIDDEN], bias[HIDDEN];
static real onto_output[HIDDEN][OUTPUTS];

static double processor_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return now.tv_sec + 1e-9 * now.tv_nsec;
}

static real within(real x, real low, real high) { return x < low ? low : x > high ? high : x; }

/* An output synapse of cell `from` changes by `change`; it reports its weight times that, by the cell's spikes. */
static void change_outputs(int k, real rate, const real *spikes, real *reported)
{
    for (int j = 0; j < HIDDEN; j++)
    {
        const real before = onto_output[j][k], change = rate * spikes[j];
        onto_output[j][k] = before + change;
        reported[j] += before * change / (spikes[j] < 1 ? 1 : spikes[j]);
    }
}

static int answer(const unsigned char *image, int label, int learn, real rate_hidden, real rate_output)
{
    static real drive[HIDDEN], membrane[HIDDEN], spikes[HIDDEN], reported[HIDDEN];
    real arriving[OUTPUTS] = {0}, output[OUTPUTS], count[OUTPUTS] = {0};
    int active[PIXELS], fired[HIDDEN], n_active = 0;
    memset(drive, 0, sizeof drive);
    memset(membrane, 0, sizeof membrane);
    memset(spikes, 0, sizeof spikes);
    memset(reported, 0, sizeof reported);
    for (int k = 0; k < OUTPUTS; k++)
        output[k] = 0.5;
    for (int i = 0; i < PIXELS; i++)
        if (image[i])
            active[n_active++] = i;
    for (int n = 0; n < n_active; n++)
    {
        const real x = image[active[n]] / (real)255, *w = onto_hidden[active[n]];
        for (int j = 0; j < HIDDEN; j++)
            drive[j] += w[j] * x;
    }
    for (int step = 0; step < STEPS; step++)
    {
        int n_fired = 0;
        for (int j = 0; j < HIDDEN; j++)
            membrane[j] += within(drive[j] + bias[j], 0, 1);
        for (int j = 0; j < HIDDEN; j++)
            if (membrane[j] >= 1)
                fired[n_fired++] = j;
        for (int k = 0; k < OUTPUTS; k++)
        {
            output[k] = within(output[k] + arriving[k], 0, 2);
            arriving[k] = 0;
        }
        for (int n = 0; n < n_fired; n++)
            for (int k = 0; k < OUTPUTS; k++)
                arriving[k] += onto_output[fired[n]][k];
        if (learn && step >= FIRST_TAUGHT)
            for (int k = 0; k < OUTPUTS; k++)
            {
                const real rate = rate_output / (step + 1);
                if (k == label && output[k] < 1)
                    change_outputs(k, rate, spikes, reported);
                if (k != label && output[k] >= 1)
                    change_outputs(k, -rate, spikes, reported);
            }
        for (int n = 0; n < n_fired; n++)
        {
            membrane[fired[n]] -= 1;
            spikes[fired[n]] += 1;
        }
        for (int k = 0; k < OUTPUTS; k++)
            if (output[k] >= 1)
            {
                output[k] -= 1;
                count[k] += 1;
            }
    }
    if (learn)
    {
        for (int n = 0; n < n_active; n++)
        {
            const real x = rate_hidden * image[active[n]] / (real)255;
            real *w = onto_hidden[active[n]];
            for (int j = 0; j < HIDDEN; j++)
                w[j] += x * reported[j];
        }
        for (int j = 0; j < HIDDEN; j++)
            bias[j] += rate_hidden * reported[j];
    }
    int best = 0;
    for (int k = 1; k < OUTPUTS; k++)
        if (count[k] + output[k] / 2 > count[best] + output[best] / 2)
            best = k;
    return best == label;
}

static void *read_all(FILE *file, size_t bytes)
{
    void *found = malloc(bytes);
    if (!found || fread(found, 1, bytes, file) != bytes)
    {
        fprintf(stderr, "the file is too short\n");
        exit(1);
    }
    return found;
}

int main(int given, char **words)
{
    if (given != 7)
        return fprintf(stderr, "usage: flagship FILE TRAINING TEST EPOCHS RATE_HIDDEN RATE_OUTPUT\n"), 2;
    FILE *file = fopen(words[1], "rb");
    if (!file)
        return perror(words[1]), 1;
    const int training = atoi(words[2]), test = atoi(words[3]), epochs = atoi(words[4]);
    const double rate_hidden = atof(words[5]), rate_output = atof(words[6]);
    unsigned char *images = read_all(file, (size_t)(training + test) * PIXELS);
    unsigned char *labels = read_all(file, training + test);
    double *first = read_all(file, sizeof(double) * (PIXELS * HIDDEN + HIDDEN * OUTPUTS));
    int *orders = read_all(file, sizeof(int) * (size_t)training * epochs);
    for (int i = 0; i < PIXELS; i++)
        for (int j = 0; j < HIDDEN; j++)
            onto_hidden[i][j] = first[i * HIDDEN + j];
    for (int j = 0; j < HIDDEN; j++)
        for (int k = 0; k < OUTPUTS; k++)
            onto_output[j][k] = first[PIXELS * HIDDEN + j * OUTPUTS + k];
    for (int epoch = 0; epoch < epochs; epoch++)
    {
        int right = 0;
        const real rate = pow(0.75, epoch);
        const double begun = processor_seconds();
        for (int n = 0; n < training; n++)
        {
            const int row = orders[(size_t)epoch * training + n];
            right += answer(images + (size_t)row * PIXELS, labels[row], 1, rate_hidden * rate, rate_output * rate);
        }
        printf("%d %.6f %.3f\n", epoch + 1, (double)right / training, 1e6 * (processor_seconds() - begun) / training);
        fflush(stdout);
    }
    int right = 0;
    for (int row = training; row < training + test; row++)
        right += answer(images + (size_t)row * PIXELS, labels[row], 0, 0, 0);
    printf("test %.6f\n", (double)right / test);
    return 0;
}

#include "train/patience.h"

#include <math.h>

cln_patience cln_patience_begin(const cln_settings *settings)
{
    return (cln_patience){
        .epochs = settings->patience,
        .iterations = settings->patience_iterations,
        .increase = settings->patience_increase,
        .improvement = settings->improvement,
        .best_error = INFINITY,
    };
}

bool cln_patience_on(const cln_patience *patience)
{
    return patience->epochs || patience->iterations;
}

bool cln_patience_see(cln_patience *patience, uint64_t epoch, uint64_t iteration, double error)
{
    if (!(error < patience->best_error)) {
        patience->since_best++;
        return false;
    }
    double extended = ceil((double)iteration * patience->increase); /* i ≥ 10.5 is i ≥ 11 */
    if (patience->iterations && error < patience->best_error * patience->improvement &&
        extended > (double)patience->iterations)
        patience->iterations = (uint64_t)extended;
    patience->since_best = 0;
    patience->best_error = error;
    patience->best_epoch = epoch;
    return true;
}

bool cln_patience_over(const cln_patience *patience, uint64_t iteration, bool pass_ended)
{
    if (patience->epochs)
        return pass_ended && patience->since_best >= patience->epochs;
    return patience->iterations && patience->iterations <= iteration;
}

/* Scoring a range of resident rows with given weights: loss and errors, and the gradient of the summed loss where wanted. */
#ifndef CLN_TRAIN_SCORE_H
#define CLN_TRAIN_SCORE_H

#include "compute/engine.h"
#include "compute/feed.h"

/* Rows first … first+rows−1 of an order of a data set on the device; data NULL: no such part. */
typedef struct cln_range {
    cln_resident *data;
    uint64_t first, rows;
    cl_mem order; /* (·) uint32, or NULL: as they lie */
    bool alike;   /* whatever their rows weigh in training, here they all weigh 1 */
} cln_range;

/* Partial scores on the device and where they are read to, grown as needed. All zero to begin with but for the models. Counts and
   positions here are those of one model: the partial scores of stacked models lie side by side. */
typedef struct cln_score_buffer {
    uint32_t models; /* 0 is 1 */
    cl_mem partial;
    cln_partial_score *h_partial;
    uint64_t capacity;
} cln_score_buffer;

/* Bytes of `count` partial scores of each model, on the device and again on the host. */
uint64_t cln_score_buffer_bytes(const cln_score_buffer *buffer, uint64_t count);
/* Partial scores of a model that scoring so many rows needs room for. */
uint64_t cln_score_room(const cln_plan *plan, uint64_t rows);
cln_status cln_score_buffer_reserve(cln_device *device, cln_score_buffer *buffer, uint64_t count, cln_error *error);
void cln_score_buffer_release(cln_device *device, cln_score_buffer *buffer);
/* Reads the first `count` partial scores of each model into h_partial; waits for the device. */
cln_status cln_score_buffer_read(cln_device *device, cln_score_buffer *buffer, uint64_t count, cln_error *error);
/* The sum of partial scores first … first+count−1 of a model in h_partial, in order and in double, as a score over `rows` rows. */
cln_score cln_score_sum(const cln_score_buffer *buffer, uint32_t model, uint64_t first, uint64_t count, uint64_t rows);

/* False where training has diverged: the loss of a score, which is of this kind, is NaN or beyond what float resolves. */
bool cln_score_is_sound(const cln_score *score, cln_row_loss loss);

/* Scores a range with weights w (kp,ld); scores: (models). gradient (kp,ld), or NULL: receives the gradient of the summed loss. */
cln_status cln_score_range(cln_plan *plan, const cln_range *range, cl_mem w, cl_mem gradient, cln_score_buffer *buffer,
                           cln_score *scores, cln_error *error);

#endif

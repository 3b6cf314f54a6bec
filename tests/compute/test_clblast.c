/* The engine on CLBlast, with the parameters that it takes on this device. (CLBlast's first product compiles for many seconds.) */
#include "base/size.h"
#include "compute/blas.h"
#include "compute/engine_checks.h"
#include "device/program.h"

static const struct {
    uint32_t n, d, k;
    cln_type type;
    bool bias;
    uint64_t most_bytes; /* of a chunk */
} cases[] = {
    {1, 1, 1, CLN_FLOAT32, true, 0},    {7, 2, 3, CLN_UINT8, true, 0},         {17, 61, 7, CLN_UINT8, false, 0},
    {65, 61, 13, CLN_FLOAT32, true, 0}, {63, 784, 10, CLN_UINT8, true, 0},     {50, 33, 100, CLN_UINT8, true, 0},
    {41, 61, 5, CLN_UINT8, true, 300},  {600, 784, 10, CLN_UINT8, true, 0},    {49, 47, 65, CLN_FLOAT32, true, 0},
    {48, 95, 103, CLN_UINT8, false, 0}, {1, 61, 64, CLN_FLOAT32, true, 0},     {1030, 7, 66, CLN_UINT8, true, 0},
    {47, 7, 1000, CLN_UINT8, true, 0},  {1025, 64, 17, CLN_UINT8, true, 9000}, {33, 6, 9, CLN_UINT8, false, 0},
};
#define CASES ((int)(sizeof cases / sizeof *cases))

/* The packing and update kernels in the shape for CPUs and in that for GPUs. */
START_TEST(agrees_with_the_reference)
{
    sample s = sample_create(cases[_i].n, cases[_i].d, cases[_i].k, cases[_i].type, cases[_i].bias);
    cln_problem problem = sample_problem(&s);
    for (int kind = CLN_SHAPE_CPU; kind <= CLN_SHAPE_GPU; kind++) {
        cln_shape shape = cln_shape_choose(&device->facts, &problem, (cln_shape_kind)kind);
        snprintf(place, sizeof place, "clblast n=%u d=%u k=%u, shape %d", s.n, s.d, s.k, kind);
        check_engine(&s, "clblast", &shape, cases[_i].most_bytes);
    }
    cln_trial_free(&s);
}
END_TEST

/* With the parameters, the padding and the kernels that a GPU gets. CLBlast runs what it is told, wherever. */
START_TEST(agrees_as_on_a_gpu)
{
    const uint32_t sizes[][3] = {{65, 61, 13}, {200, 33, 100}, {1, 7, 1}};
    cln_facts own = device->facts;
    MUST(
        cln_blas_prepare(device, error)); /* for CPUs: not CLBlast's direct kernel, which PoCL takes minutes to build */
    for (int i = 0; i < 3; i++) {
        sample s = sample_create(sizes[i][0], sizes[i][1], sizes[i][2], CLN_UINT8, true);
        cln_problem problem = sample_problem(&s);
        snprintf(place, sizeof place, "clblast as on a GPU, n=%u d=%u k=%u", s.n, s.d, s.k);
        device->facts.is_cpu = false;
        device->facts.vendor_id = 0x10de;
        cln_shape shape = cln_shape_choose(&device->facts, &problem, CLN_SHAPE_GPU);
        check_engine(&s, "clblast", &shape, 0);
        device->facts = own;
        cln_trial_free(&s);
    }
}
END_TEST

/* What a pass over the first `count` rows leaves: gradient (kp,ld), residual (padded,kp), predictions, scores. *floats of them. */
static float *left_by(rig *r, uint32_t count, size_t *floats)
{
    const cln_layout *layout = &r->plan->layout;
    size_t gradient = (size_t)layout->kp * layout->ld,
           residual = cln_round_up(count, layout->unit) * (size_t)layout->kp;
    size_t scores = 2 * (size_t)cln_plan_scores(r->plan, count);
    float *left = calloc(gradient + residual + count + scores, sizeof *left);
    cln_outcome outcome = {.residual = true, .predicted = r->predicted, .scores = r->scores};
    cln_sink sink = {.op = CLN_STORE, .gradient = r->gradient};
    cln_rows rows;
    rig_rows(r, true, &rows);
    rows.count = count;
    MUST(cln_plan_gradient(r->plan, &rows, r->w, &outcome, &sink, error));
    MUST(cln_buffer_read(device, r->gradient, 0, gradient * sizeof *left, left, error));
    MUST(cln_buffer_read(device, r->plan->residual, 0, residual * sizeof *left, left + gradient, error));
    MUST(cln_buffer_read(device, r->predicted, 0, count * sizeof *left, left + gradient + residual, error));
    MUST(cln_buffer_read(device, r->scores, 0, scores * sizeof *left, left + gradient + residual + count, error));
    *floats = gradient + residual + count + scores;
    return left;
}

static void check_padding(const rig *r, const float *left, uint32_t count)
{
    const cln_layout *layout = &r->plan->layout;
    const float *residual = left + (size_t)layout->kp * layout->ld;
    for (size_t i = (size_t)r->s->k * layout->ld; i < (size_t)layout->kp * layout->ld; i++)
        ck_assert_msg(left[i] == 0, "%s: gradient of output %zu, which is padding", place, i / layout->ld);
    for (size_t i = 0; i < cln_round_up(count, layout->unit) * (size_t)layout->kp; i++)
        if (i / layout->kp >= count || i % layout->kp >= r->s->k)
            ck_assert_msg(residual[i] == 0, "%s: residual of row %zu, output %zu, which is padding", place,
                          i / layout->kp, i % layout->kp);
}

/* Memory that was full of NaN leaves no trace, in both paths and all widths of vectors. */
START_TEST(nothing_is_left_of_earlier_rows)
{
    const uint32_t sizes[][2] = {{61, 13}, {6, 9}, {2, 3}, {33, 100}}, counts[] = {1, 9, 16, 31, 65}; /* d, k */
    for (int kind = CLN_SHAPE_CPU; kind <= CLN_SHAPE_GPU; kind++) {
        sample s = sample_create(200, sizes[_i][0], sizes[_i][1], CLN_UINT8, true);
        cln_problem problem = sample_problem(&s);
        cln_shape shape = cln_shape_choose(&device->facts, &problem, (cln_shape_kind)kind);
        rig fresh = rig_create(&s, "clblast", &shape, 0), used = rig_create(&s, "clblast", &shape, 0);
        float *w = read_floats(used.w, used.weight_bytes / sizeof *w);
        for (size_t i = 0; i < CLN_COUNT(counts); i++) {
            size_t floats;
            snprintf(place, sizeof place, "clblast d=%u k=%u, shape %d, %u rows", s.d, s.k, kind, counts[i]);
            float nan = NAN, *expected = left_by(&fresh, counts[i], &floats);
            for (uint32_t k = 0; k < s.k; k++)
                MUST(cln_buffer_write(device, used.w, (k * (size_t)used.plan->layout.ld) * sizeof nan, sizeof nan, &nan,
                                      error));
            free(left_by(&used, s.n, &floats));
            MUST(cln_buffer_write(device, used.w, 0, used.weight_bytes, w, error));
            float *left = left_by(&used, counts[i], &floats);
            ck_assert_msg(memcmp(left, expected, floats * sizeof *left) == 0, "%s: other bits than on new memory",
                          place);
            check_padding(&used, left, counts[i]);
            free(left);
            free(expected);
        }
        free(w);
        rig_release(&fresh);
        rig_release(&used);
        cln_trial_free(&s);
    }
}
END_TEST

/* cl/residual_narrow.cl by itself: of the rows that are there the residual and its transpose, 0 elsewhere in both, nothing behind. */
START_TEST(residual_and_its_transpose)
{
    enum { PADDED = 48, K = 5, KP = 8, BYTES = PADDED * KP * sizeof(float) };
    const cl_uint counts[] = {1, 15, 16, 19, 33, 48}, padded = PADDED, keep = 1, zero = 0;
    const cl_ulong none = 0;
    const cl_mem null = NULL;
    cl_program program = NULL;
    cl_kernel kernel = NULL;
    char options[200];
    snprintf(options, sizeof options, "-DCLN_K=%d -DCLN_KP=%d -DCLN_V=%d -DCLN_GROUP=1 -DCLN_ITEM_ROWS=16", K, KP,
             4 << _i);
    MUST(cln_program_build(device, "residual_narrow", options, &program, error));
    MUST(cln_kernel_create(program, "residual_narrow", &kernel, error));
    for (size_t c = 0; c < CLN_COUNT(counts); c++) {
        float logits[PADDED * KP];
        cl_uint targets[PADDED], count = counts[c];
        for (uint32_t i = 0; i < PADDED * KP; i++)
            logits[i] = (float)(i * 7 % 11) - 5;
        for (uint32_t i = 0; i < PADDED; i++)
            targets[i] = i % K;
        cl_mem rows = guarded(logits, BYTES), columns = guarded(logits, BYTES),
               target = guarded(targets, sizeof targets);
        const cln_argument arguments[] = {CLN_ARG(rows),   CLN_ARG(target), CLN_ARG(null),   CLN_ARG(null),
                                          CLN_ARG(none),   CLN_ARG(count),  CLN_ARG(padded), CLN_ARG(null),
                                          CLN_ARG(zero),   CLN_ARG(null),   CLN_ARG(none),   CLN_ARG(keep),
                                          CLN_ARG(columns)};
        cln_grid grid = {{PADDED / 16, 1}, {1, 1}};
        MUST(cln_launch(device, kernel, grid, arguments, CLN_COUNT(arguments), error));
        float *residual = read_floats(rows, PADDED * KP), *flipped = read_floats(columns, PADDED * KP);
        for (uint32_t i = 0; i < PADDED; i++)
            for (uint32_t k = 0; k < KP; k++) {
                float r = residual[i * KP + k];
                bool there = i < count && k < K, right = there ? (k == i % K ? r < 0 : r > 0) : r == 0;
                ck_assert_msg(right && flipped[k * PADDED + i] == r, "width %d, %u rows: row %u output %u: %g and %g",
                              4 << _i, count, i, k, (double)r, (double)flipped[k * PADDED + i]);
            }
        free(residual);
        free(flipped);
        check_guard(&rows, BYTES);
        check_guard(&columns, BYTES);
        check_guard(&target, sizeof targets);
    }
    cln_kernel_release(&kernel);
    cln_program_release(&program);
}
END_TEST

START_TEST(auto_takes_it_for_wide_outputs)
{
    cln_problem problem = {
        .features = 20, .outputs = CLN_FUSED_OUTPUTS, .type = CLN_FLOAT32, .scale = 1, .block_rows = 10};
    const char *const expected[] = {"fused", "clblast"};
    for (uint32_t i = 0; i < 2; i++) {
        cln_plan *plan = NULL;
        problem.outputs = CLN_FUSED_OUTPUTS + i;
        MUST(cln_plan_create(device, "auto", &problem, NULL, &plan, error));
        ck_assert_str_eq(plan->engine->name, expected[i]);
        cln_plan_release(plan);
    }
}
END_TEST

START_TEST(clblast_s_codes_become_words)
{
    cln_error error = {0};
    cl_mem small = guarded(NULL, 16);
    ck_assert_int_eq(cln_blas_product(device, &(cln_product){16, 16, 16, false}, NULL, small, small, 0, small, &error),
                     CLN_DEVICE);
    ck_assert_msg(strstr(error.message, "too small") != NULL, "%s", error.message);
    check_guard(&small, 16);
}
END_TEST

static void nothing_left(void)
{
    ck_assert_uint_eq(device->bytes, 0);
}

int main(void)
{
    Suite *suite = suite_create("clblast");
    TCase *ok = tcase_create("ok"), *invalid = tcase_create("invalid");
    tcase_set_timeout(ok, 0);
    tcase_add_checked_fixture(ok, NULL, nothing_left);
    tcase_add_loop_test(ok, agrees_with_the_reference, 0, CASES);
    tcase_add_test(ok, agrees_as_on_a_gpu);
    tcase_add_loop_test(ok, nothing_is_left_of_earlier_rows, 0, 4);
    tcase_add_loop_test(ok, residual_and_its_transpose, 0, 3);
    tcase_add_test(ok, auto_takes_it_for_wide_outputs);
    tcase_add_test(invalid, clblast_s_codes_become_words);
    suite_add_tcase(suite, ok);
    suite_add_tcase(suite, invalid);
    return run_on_device(suite);
}

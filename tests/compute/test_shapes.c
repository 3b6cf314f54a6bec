/* Layouts and shapes are pure functions: their promises over many sizes. */
#include "compute/shapes.h"
#include "harness.h"

START_TEST(layouts_hold_what_they_promise)
{
    for (uint32_t d = 1; d < 3000; d += 1 + d / 50) {
        cln_layout layout = cln_layout_of(d, d);
        uint32_t unit = layout.stride < 16 ? layout.stride : 16;
        ck_assert_uint_ge(layout.stride, d);
        ck_assert_uint_eq(layout.stride % unit, 0);
        ck_assert(unit == 4 || unit == 8 || unit == 16);
        ck_assert_uint_gt(layout.ld, d);
        ck_assert_uint_ge(layout.ld, layout.stride);
        ck_assert_uint_eq(layout.ld % 16, 0);
        ck_assert_uint_ge(layout.kp, d);
        ck_assert_uint_eq(layout.kp % 16, 0);
        ck_assert_uint_lt(layout.kp, d + 16);
    }
    ck_assert_uint_eq(cln_layout_of(784, 10).stride, 784); /* images lie as in their file */
}
END_TEST

START_TEST(shapes_fit_the_layout)
{
    for (uint32_t width = 1; width <= 32; width *= 2)
        for (uint32_t d = 1; d < 100; d++)
            for (uint32_t k = 1; k <= CLN_FUSED_OUTPUTS; k++)
                for (int kind = CLN_SHAPE_CPU; kind <= CLN_SHAPE_GPU; kind++) {
                    cln_facts facts = {.native_float_width = width};
                    cln_problem problem = {.features = d, .outputs = k};
                    cln_shape shape = cln_shape_choose(&facts, &problem, (cln_shape_kind)kind);
                    ck_assert_uint_eq(cln_layout_of(d, k).stride % shape.vector, 0);
                    ck_assert_uint_eq(cln_layout_of(d, k).ld % shape.vector, 0);
                    ck_assert(shape.outputs >= 1 && shape.outputs <= 16 && shape.outputs <= k);
                    if (kind == CLN_SHAPE_CPU)
                        ck_assert(shape.group_rows % shape.rows == 0 && shape.group_rows % shape.vector == 0);
                }
}
END_TEST

/* What the GPU kernels count on, on a device with any work-group limit and the least local memory of OpenCL 1.2. */
START_TEST(gpu_shapes_keep_their_promises)
{
    const size_t limits[] = {64, 128, 256, 1024};
    for (int i = 0; i < 4; i++)
        for (uint32_t d = 1; d < 12000; d += 1 + d / 10)
            for (uint32_t k = 1; k <= CLN_FUSED_OUTPUTS; k++) {
                cln_facts facts = {.max_group_size = limits[i], .info.local_bytes = 32 << 10};
                cln_problem problem = {.features = d, .outputs = k};
                cln_shape shape = cln_shape_choose(&facts, &problem, CLN_SHAPE_GPU);
                cln_layout layout = cln_layout_of(d, k);
                uint32_t blocks = (k + shape.outputs - 1) / shape.outputs;
                ck_assert(shape.outputs == k || shape.outputs % 4 == 0);
                ck_assert_uint_le(blocks * shape.outputs, layout.kp);
                ck_assert_uint_eq(shape.lanes * shape.slots, 64);
                ck_assert(shape.lanes == 64 || shape.lanes * 16 * shape.vector >= layout.stride);
                ck_assert(shape.group % 32 == 0 && shape.group <= limits[i]);
                ck_assert(shape.most_splits >= 16 && shape.most_splits <= 128);
                ck_assert(cln_shape_fits(&facts, &problem, &shape));
                for (shape.outputs = 1; shape.outputs <= 16; shape.outputs++) {
                    bool cut = shape.outputs % 4 == 0 || shape.outputs >= k;
                    blocks = (k + shape.outputs - 1) / shape.outputs;
                    ck_assert_int_eq(cln_shape_fits(&facts, &problem, &shape),
                                     cut && blocks * shape.outputs <= layout.kp);
                }
                shape = cln_shape_choose(&facts, &problem, CLN_SHAPE_GPU);
                facts.info.local_bytes = 512;
                ck_assert(!cln_shape_fits(&facts, &problem, &shape));
                facts.info.local_bytes = 32 << 10;
                facts.max_group_size = 32;
                ck_assert(!cln_shape_fits(&facts, &problem, &shape));
            }
}
END_TEST

START_TEST(splits_depend_on_the_rows_alone_and_cover_them)
{
    cln_facts one = {.native_float_width = 16, .info.compute_units = 1}, many = one;
    cln_problem problem = {.features = 784, .outputs = 10};
    many.info.compute_units = 200;
    many.max_group_size = 1024;
    for (uint32_t count = 1; count < 200000; count += 1 + count / 20)
        for (int kind = CLN_SHAPE_CPU; kind <= CLN_SHAPE_GPU; kind++) {
            cln_shape shape = cln_shape_choose(&one, &problem, (cln_shape_kind)kind);
            cln_shape other = cln_shape_choose(&many, &problem, (cln_shape_kind)kind);
            uint32_t splits = cln_shape_splits(&shape, count), scores = cln_shape_scores(&shape, count);
            ck_assert_uint_eq(splits, cln_shape_splits(&other, count));
            ck_assert(splits >= 1 && splits <= shape.most_splits && splits <= count);
            ck_assert(scores >= 1 && scores <= count);
            ck_assert_uint_ge(cln_shape_splits(&shape, count + 1),
                              splits); /* scratch for the most rows suffices for fewer */
        }
}
END_TEST

/* Large enough for a launch's price, small enough for the caches; the figures are those that were measured. */
START_TEST(cpus_cut_by_work_and_by_memory)
{
    cln_facts facts = {.native_float_width = 16};
    cln_problem mnist = {.features = 784, .outputs = 10, .type = CLN_UINT8};
    cln_shape shape = cln_shape_choose(&facts, &mnist, CLN_SHAPE_CPU);
    ck_assert_uint_eq(cln_shape_splits(&shape, 75), 1);
    ck_assert_uint_eq(cln_shape_splits(&shape, 200), 2);
    ck_assert_uint_eq(cln_shape_splits(&shape, 600), 8);
    for (uint32_t d = 1; d < 200000; d = d * 3 + 1)
        for (uint32_t k = 1; k <= CLN_FUSED_OUTPUTS; k++) {
            cln_problem problem = {.features = d, .outputs = k};
            shape = cln_shape_choose(&facts, &problem, CLN_SHAPE_CPU);
            uint64_t weights = (uint64_t)k * cln_layout_of(d, k).ld, most = cln_shape_splits(&shape, UINT32_MAX);
            ck_assert_uint_ge(shape.split_rows, 16);
            ck_assert(most == 2 || most * weights <= 4u << 20);
            ck_assert_uint_ge(cln_shape_patience(&shape, 1), 1);
            ck_assert_uint_ge(cln_shape_patience(&shape, UINT32_MAX), cln_shape_patience(&shape, 16));
        }
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("shapes");
    TCase *ok = tcase_create("ok");
    tcase_add_test(ok, layouts_hold_what_they_promise);
    tcase_add_test(ok, shapes_fit_the_layout);
    tcase_add_test(ok, gpu_shapes_keep_their_promises);
    tcase_add_test(ok, splits_depend_on_the_rows_alone_and_cover_them);
    tcase_add_test(ok, cpus_cut_by_work_and_by_memory);
    suite_add_tcase(suite, ok);
    return run_suite(suite);
}

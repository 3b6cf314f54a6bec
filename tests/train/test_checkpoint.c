/* Resumed at any step a run ends in the bits of one that was never interrupted; what is not its own is refused by name. */
#define _GNU_SOURCE
#include "train/checkpoint.h"
#include "compute/tuning.h"
#include "files.h"
#include "recorder.h"

#include <signal.h>
#include <sys/resource.h>

/* What each checkpoint of a run was, in files of their own. */
enum { MOST_KEPT = 400 };
static int kept_count, failed_count;
static char last_failure[2048];

static void copy_file(const char *from, const char *to)
{
    static char bytes[1 << 20];
    FILE *in = fopen(from, "rb"), *out = fopen(to, "wb");
    ck_assert(in && out);
    size_t size = fread(bytes, 1, sizeof bytes, in);
    ck_assert_uint_lt(size, sizeof bytes);
    ck_assert_uint_eq(fwrite(bytes, 1, size, out), size);
    fclose(in);
    ck_assert_int_eq(fclose(out), 0);
}

static const char *kept_at(int i)
{
    char name[20];
    snprintf(name, sizeof name, "kept.%d", i);
    return at(name);
}

static void told(const cln_error *failure, void *user)
{
    (void)user;
    if (failure) {
        failed_count++;
        snprintf(last_failure, sizeof last_failure, "%s", failure->message);
        return;
    }
    ck_assert_int_lt(kept_count, MOST_KEPT);
    copy_file(at("c"), kept_at(kept_count++));
}

static const char *mark(void *user)
{
    (void)user;
    static char text[40];
    int events = 0;
    for (int i = 0; i < record.count; i++)
        events += record.events[i].event != CLN_EVENT_TICK;
    snprintf(text, sizeof text, "events %d", events);
    return text;
}

static void keep(cln_trainer *trainer, uint64_t every)
{
    cln_checkpoints to = {.path = at("c"), .every = every, .mark = mark, .told = told};
    kept_count = failed_count = 0;
    OK(cln_trainer_checkpoint(trainer, &to, error));
}

static cln_trainer *resumed(const char *engine, const char *words, const cln_parts *parts, const char *path)
{
    cln_trainer *trainer = NULL;
    cln_options *options = options_of(engine, words);
    OK(cln_trainer_resume(device, options, parts, path, &trainer, error));
    cln_options_free(options);
    return trainer;
}

static bool same_score(const cln_score *a, const cln_score *b)
{
    return memcmp(&a->loss, &b->loss, sizeof a->loss) == 0 && a->errors == b->errors && a->rows == b->rows;
}

static void same_event(const cln_progress *a, const cln_progress *b)
{
    ck_assert_int_eq(a->event, b->event);
    ck_assert_uint_eq(a->epoch, b->epoch);
    ck_assert_uint_eq(a->step, b->step);
    ck_assert(same_score(&a->train, &b->train));
    if (a->event == CLN_EVENT_EPOCH)
        ck_assert(same_score(&a->valid, &b->valid) && a->best == b->best);
    ck_assert_mem_eq(&a->objective, &b->objective, sizeof a->objective);
    ck_assert_mem_eq(&a->gradient_norm, &b->gradient_norm, sizeof a->gradient_norm);
}

static void same_result(const cln_result *a, const cln_result *b)
{
    ck_assert_int_eq(a->stopped, b->stopped);
    ck_assert_str_eq(a->reason, b->reason);
    ck_assert_uint_eq(a->epochs, b->epochs);
    ck_assert_uint_eq(a->steps, b->steps);
    ck_assert_uint_eq(a->best_epoch, b->best_epoch);
    ck_assert_mem_eq(&a->objective, &b->objective, sizeof a->objective);
    ck_assert_mem_eq(&a->gradient_norm, &b->gradient_norm, sizeof a->gradient_norm);
    ck_assert_mem_eq(&a->learning_rate, &b->learning_rate, sizeof a->learning_rate);
    ck_assert(same_score(&a->train, &b->train) && same_score(&a->valid, &b->valid) && same_score(&a->test, &b->test));
}

static void same_metadata(const cln_model *a, const cln_model *b)
{
    static const char *const keys[] = {"engine",  "shape",  "products", "tuning",
                                       "stopped", "epochs", "steps",    "option.batch-size",
                                       "device",  "shift",  "deviation"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *x = cln_model_metadata(a, keys[i]), *y = cln_model_metadata(b, keys[i]);
        ck_assert_msg(!x == !y && (!x || strcmp(x, y) == 0), "%s: %s, %s", keys[i], x ? x : "-", y ? y : "-");
    }
}

/* Without ticks, which come when they come. */
static void drop_ticks(recorder *r)
{
    int count = 0;
    for (int i = 0; i < r->count; i++)
        if (r->events[i].event != CLN_EVENT_TICK)
            r->events[count++] = r->events[i];
    r->count = count;
}

static recorder whole;

/* Runs once without checkpoints, once with one after each step, and from some of those. */
static void check_every_step(const char *engine, const char *words, const cln_parts *parts, uint64_t every, int stride)
{
    cln_result all, one;
    cln_trainer *trainer = trainer_of(engine, words, parts->train, parts->valid, parts->test);
    begin(CLN_EVENT_EPOCH, -1);
    OK(cln_trainer_run(trainer, on_progress, &record, &all, error));
    cln_model *expected = model_of(trainer);
    cln_trainer_close(trainer);
    drop_ticks(&record);
    whole = record;

    trainer = trainer_of(engine, words, parts->train, parts->valid, parts->test);
    keep(trainer, every);
    begin(CLN_EVENT_EPOCH, -1);
    OK(cln_trainer_run(trainer, on_progress, &record, &one, error));
    cln_model *watched = model_of(trainer);
    ck_assert(same_bits(watched, expected));
    same_result(&one, &all);
    cln_model_free(watched);
    cln_trainer_close(trainer);
    ck_assert_int_gt(kept_count, 1);
    ck_assert_int_eq(failed_count, 0);

    for (int i = 0; i < kept_count; i += stride) {
        cln_resumption from;
        trainer = resumed(engine, words, parts, kept_at(i));
        ck_assert(cln_trainer_resumed(trainer, &from));
        ck_assert(from.same_device);
        ck_assert_uint_eq(from.every, every);
        int told_before = atoi(from.mark + strlen("events "));
        begin(CLN_EVENT_EPOCH, -1);
        OK(cln_trainer_run(trainer, on_progress, &record, &one, error));
        drop_ticks(&record);
        ck_assert_int_eq(told_before + record.count, whole.count);
        for (int e = 0; e < record.count; e++)
            same_event(&record.events[e], &whole.events[told_before + e]);
        same_result(&one, &all);
        cln_model *model = model_of(trainer);
        ck_assert_msg(same_bits(model, expected), "other bits from checkpoint %d: %s %s", i, engine, words);
        same_metadata(model, expected);
        cln_model_free(model);
        cln_trainer_close(trainer);
    }
    cln_model_free(expected);
}

static const char *const engines[] = {"fused", "clblast"};

static const char *const sgd[] = {
    "batch-size=10 epochs=3 log-every=2",
    "batch-size=7 epochs=3 momentum=0.9 nesterov=true schedule=cosine valid=20 standardize=true l2=0.01",
    "batch-size=10 valid=20 epochs=30 patience=3 learning-rate=3 seed=5 log-every=1",
    "batch-size=10 valid=20 epochs=30 patience-iterations=13 patience-increase=2 learning-rate=2 momentum=0.5",
    "batch-size=9 epochs=2 no-shuffle=true drop-last=true no-bias=true schedule=step class-weights=balanced",
    "batch-size=500 epochs=4 center=true loss=squared schedule=exponential",
    "model=linear target=value batch-size=16 epochs=2 momentum=0.3 schedule=inverse-time train-rows=70",
};
enum { SGD = sizeof sgd / sizeof *sgd };

/* _i: engine, type of data, options; any step. */
START_TEST(test_sgd)
{
    problem p = problem_make(90, 6, 4, _i / 2 % 2 ? CLN_FLOAT32 : CLN_UINT8, 7), q = problem_make(30, 6, 4, p.type, 8);
    cln_parts parts = {p.data, NULL, q.data};
    check_every_step(engines[_i % 2], sgd[_i / 4], &parts, 1, getenv("CLINEAR_TEST_TINY") ? 11 : 3 + _i % 4);
    problem_free(&q);
    problem_free(&p);
}
END_TEST

/* The kernels for GPUs, and a validation part of its own. */
START_TEST(test_sgd_gpu_shapes)
{
    bool is_cpu = device->facts.is_cpu;
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7), q = problem_make(30, 6, 4, CLN_UINT8, 8);
    cln_parts parts = {p.data, q.data, NULL};
    device->facts.is_cpu = false;
    check_every_step(engines[_i], "batch-size=10 epochs=3 momentum=0.9 patience=2 standardize=true", &parts, 1, 5);
    device->facts.is_cpu = is_cpu;
    problem_free(&q);
    problem_free(&p);
}
END_TEST

/* At the end of passes alone, and every fourth minibatch across their ends. */
START_TEST(test_seldom)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, p.data};
    check_every_step(engines[_i], "batch-size=10 epochs=4 momentum=0.9", &parts, 0, 1);
    ck_assert_int_eq(kept_count, 4);
    check_every_step(engines[_i], "batch-size=10 epochs=4 momentum=0.9", &parts, 4, 1);
    ck_assert_int_eq(kept_count, 9);
    check_every_step(engines[_i], "batch-size=10 epochs=4 momentum=0.9", &parts, 17, 1);
    ck_assert_int_eq(kept_count, 3); /* 17, 34, and the end */
    problem_free(&p);
}
END_TEST

static const char *const lbfgs[] = {
    "solver=lbfgs l2=1e-3 tolerance=1e-4",
    "solver=lbfgs l1=0.01 tolerance=1e-4 valid=20",
    "solver=lbfgs l2=1e-3 standardize=true tolerance=1e-5 class-weights=balanced",
    "solver=lbfgs model=linear no-bias=true epochs=9 tolerance=0",
    "solver=lbfgs tolerance=0 epochs=60", /* the ring of pairs comes round */
};

START_TEST(test_lbfgs)
{
    problem p = problem_make(90, 6, 4, _i / 2 % 2 ? CLN_FLOAT32 : CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, p.data};
    check_every_step(engines[_i % 2], lbfgs[_i / 4], &parts, 1, getenv("CLINEAR_TEST_TINY") ? 11 : 3 + _i % 4);
    problem_free(&p);
}
END_TEST

/* Resumed again and again, stopped by progress at every epoch, from the one file. */
START_TEST(test_in_many_lives)
{
    static const char *const words[] = {"batch-size=10 epochs=6 momentum=0.9 valid=20 patience=9",
                                        "solver=lbfgs epochs=6 tolerance=0"};
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, NULL};
    cln_result all, one = {.stopped = CLN_STOP_INTERRUPTED};
    cln_model *expected = trained(engines[_i % 2], words[_i / 2], p.data, NULL, NULL, &all);
    cln_trainer *trainer = trainer_of(engines[_i % 2], words[_i / 2], p.data, NULL, NULL);
    int lives = 0;
    while (one.stopped == CLN_STOP_INTERRUPTED) {
        keep(trainer, 1000); /* due nowhere: the stop itself keeps one */
        begin(CLN_EVENT_EPOCH, 0);
        OK(cln_trainer_run(trainer, on_progress, &record, &one, error));
        if (one.stopped != CLN_STOP_INTERRUPTED)
            break;
        ck_assert_int_eq(kept_count, 1);
        cln_trainer_close(trainer);
        trainer = resumed(engines[_i % 2], words[_i / 2], &parts, at("c"));
        ck_assert_int_lt(++lives, 10);
    }
    ck_assert_int_ge(lives, 5);
    cln_model *model = model_of(trainer);
    ck_assert(same_bits(model, expected));
    same_result(&one, &all);
    cln_model_free(model);
    cln_model_free(expected);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* More epochs than before, from where the first run ended; the seconds of both count. */
START_TEST(test_more_epochs)
{
    static const char *const before[] = {"batch-size=10 epochs=2 momentum=0.9", "solver=lbfgs epochs=3 tolerance=0"};
    static const char *const after[] = {"batch-size=10 epochs=5 momentum=0.9", "solver=lbfgs epochs=8 tolerance=0"};
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, NULL};
    cln_result first, second;
    cln_model *expected = trained(engines[_i % 2], after[_i / 2], p.data, NULL, NULL, NULL);
    cln_trainer *trainer = trainer_of(engines[_i % 2], before[_i / 2], p.data, NULL, NULL);
    keep(trainer, 0);
    OK(cln_trainer_run(trainer, NULL, NULL, &first, error));
    cln_trainer_close(trainer);
    trainer = resumed(engines[_i % 2], after[_i / 2], &parts, at("c"));
    cln_resumption from;
    ck_assert(cln_trainer_resumed(trainer, &from) && from.seconds > 0);
    OK(cln_trainer_run(trainer, NULL, NULL, &second, error));
    cln_model *model = model_of(trainer);
    ck_assert(same_bits(model, expected));
    ck_assert_double_gt(second.seconds.train, from.seconds);
    ck_assert_double_gt(second.seconds.total, first.seconds.total);
    FAILS(CLN_INVALID, "already taken steps", cln_trainer_run(trainer, NULL, NULL, &second, error));
    cln_model_free(model);
    cln_model_free(expected);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* What was tuned then is in force again, whatever has been measured since; and the file's name is the model's. */
START_TEST(test_tuning)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, NULL};
    const char *words = "batch-size=10 epochs=3";
    cln_tuning *tuning;
    OK(cln_tuning_of(device, &tuning, error));
    cln_tuning before = *tuning;
    cln_problem like = {.features = 6, .outputs = 4, .type = CLN_UINT8, .batch_rows = 10};
    cln_shape_kind kind = device->facts.is_cpu ? CLN_SHAPE_CPU : CLN_SHAPE_GPU;
    cln_tuned_shape row = {.of = cln_case_of(&like),
                           .shape = cln_shape_choose(&device->facts, &like, kind),
                           .builtin_ms = 1.0 / 3,
                           .best_ms = 0.1};
    cln_tuned_engine engine = {.of = row.of, .fused_ms = 1.0 / 3, .clblast_ms = nextafter(1.0 / 3, 1)};
    row.shape.split_rows *= 2;
    cln_tuning_put_shape(tuning, &row);
    cln_tuning_put_engine(tuning, &engine);
    cln_trainer *trainer = trainer_of("auto", words, p.data, NULL, NULL);
    cln_result result;
    keep(trainer, 0);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_model *expected = model_of(trainer);
    ck_assert_ptr_nonnull(strstr(cln_model_metadata(expected, "tuning"), " engine shape"));
    cln_trainer_close(trainer);

    row.shape.split_rows *= 2;
    engine.clblast_ms = 0.01;
    cln_tuning_put_shape(tuning, &row);
    cln_tuning_put_engine(tuning, &engine);
    trainer = resumed("auto", words, &parts, kept_at(0));
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_model *model = model_of(trainer);
    ck_assert(same_bits(model, expected));
    same_metadata(model, expected);
    cln_trainer_close(trainer);
    cln_model_free(model);
    cln_model_free(expected);

    /* and where nothing was tuned then, nothing is in force */
    *tuning = (cln_tuning){0};
    trainer = trainer_of("auto", words, p.data, NULL, NULL);
    keep(trainer, 0);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_trainer_close(trainer);
    cln_tuning_put_engine(tuning, &engine);
    trainer = resumed("auto", words, &parts, kept_at(0));
    ck_assert_str_eq(trainer->plan->engine->name, "fused");
    ck_assert_uint_eq(tuning->engine_count, 0);
    cln_trainer_close(trainer);
    *tuning = before;
    problem_free(&p);
}
END_TEST

/* On what calls itself another device: its own kernels, the same engine, the same result but for rounding. */
START_TEST(test_other_device)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, NULL};
    cln_result all, one;
    cln_resumption from;
    const char *words = "batch-size=10 epochs=4 learning-rate=0.5 momentum=0.9";
    cln_trainer *trainer = trainer_of("clblast", words, p.data, NULL, NULL);
    keep(trainer, 6);
    OK(cln_trainer_run(trainer, NULL, NULL, &all, error));
    cln_trainer_close(trainer);
    bool is_cpu = device->facts.is_cpu;
    char driver = device->facts.info.driver[0];
    device->facts.is_cpu = !is_cpu;
    device->facts.info.driver[0] = '~';
    trainer = resumed("clblast", words, &parts, kept_at(0));
    ck_assert(cln_trainer_resumed(trainer, &from));
    ck_assert(!from.same_device);
    ck_assert_ptr_nonnull(strstr(from.device, device->facts.info.name));
    ck_assert_uint_eq(from.steps, 6);
    OK(cln_trainer_run(trainer, NULL, NULL, &one, error));
    ck_assert_double_eq_tol(one.objective, all.objective, 1e-5);
    ck_assert_str_eq(one.engine, "clblast");
    cln_trainer_close(trainer);
    device->facts.is_cpu = is_cpu;
    device->facts.info.driver[0] = driver;
    problem_free(&p);
}
END_TEST

/* ---- refused */

static void refuse(cln_status expected, const char *sentence, const char *words, const cln_parts *parts,
                   const char *path)
{
    cln_trainer *trainer = NULL;
    cln_options *options = options_of("fused", words);
    cln_error error = {0};
    cln_status status = cln_trainer_resume(device, options, parts, path, &trainer, &error);
    ck_assert_msg(status == expected, "%s: %s", cln_status_name(status), error.message);
    ck_assert_ptr_null(trainer);
    ck_assert_msg(strstr(error.message, sentence) != NULL, "\"%s\" is not in: %s", sentence, error.message);
    ck_assert_msg(strncmp(error.message, "cannot ", 7) == 0, "%s", error.message);
    cln_options_free(options);
}

static void run_and_keep(const char *words, const cln_parts *parts, uint64_t every)
{
    cln_result result;
    cln_trainer *trainer = trainer_of("fused", words, parts->train, parts->valid, parts->test);
    keep(trainer, every);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_trainer_close(trainer);
}

START_TEST(test_other_options)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, NULL};
    const char *words = "batch-size=10 epochs=3 valid=20";
    run_and_keep(words, &parts, 4);
    refuse(CLN_INVALID, "its option batch-size is \"10\", and here it is \"9\"; give the same",
           "batch-size=9 epochs=3 valid=20", &parts, at("c"));
    refuse(CLN_INVALID, "its option valid is \"20\", and here it is \"\"", "batch-size=10 epochs=3", &parts, at("c"));
    refuse(CLN_INVALID, "its option patience is \"\", and here it is \"3\"",
           "batch-size=10 epochs=3 valid=20 patience=3", &parts, at("c"));
    refuse(CLN_INVALID, "its option solver is", "solver=lbfgs valid=20 epochs=3", &parts, at("c"));
    refuse(CLN_INVALID, "it has done 3 epochs, and option epochs is 2", "batch-size=10 epochs=2 valid=20", &parts,
           at("c"));
    cln_trainer *trainer = resumed("fused", "batch-size=10 epochs=3 valid=20 log-every=5", &parts, at("c"));
    cln_trainer_close(trainer);

    run_and_keep("batch-size=10 epochs=3 schedule=cosine", &parts, 0);
    refuse(CLN_INVALID, "its option epochs is 3, and here it is 4, which schedule cosine depends on",
           "batch-size=10 epochs=4 schedule=cosine", &parts, at("c"));
    run_and_keep("batch-size=10 epochs=3 schedule=step", &parts, 0);
    refuse(CLN_INVALID, "schedule step depends on", "batch-size=10 epochs=4 schedule=step", &parts, at("c"));
    run_and_keep("batch-size=10 epochs=3 schedule=step decay-epochs=2", &parts, 0);
    trainer = resumed("fused", "batch-size=10 epochs=4 schedule=step decay-epochs=2", &parts, at("c"));
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* One byte of one row, one label, one weight, a row less, another part. */
START_TEST(test_other_data)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7), q = problem_make(30, 6, 4, CLN_UINT8, 8);
    cln_parts parts = {p.data, NULL, q.data};
    const char *words = "batch-size=10 epochs=2";
    run_and_keep(words, &parts, 0);
    cln_trainer *trainer = resumed("fused", words, &parts, at("c"));
    cln_trainer_close(trainer);
    ((uint8_t *)p.x)[321] ^= 1;
    refuse(CLN_INVALID, "its training data is another: features there XXH64", words, &parts, at("c"));
    ((uint8_t *)p.x)[321] ^= 1;
    ((uint8_t *)q.x)[3] ^= 1;
    refuse(CLN_INVALID, "its test data is another: features", words, &parts, at("c"));
    ((uint8_t *)q.x)[3] ^= 1;
    p.y[5] = (p.y[5] + 1) % 4;
    problem_wrap(&p);
    parts.train = p.data;
    refuse(CLN_INVALID, "its training data is another: answers there XXH64", words, &parts, at("c"));
    p.y[5] = (p.y[5] + 3) % 4;
    problem_wrap(&p);
    parts.train = p.data;
    float weights[90];
    for (int i = 0; i < 90; i++)
        weights[i] = i == 4 ? 2 : 1;
    OK(cln_dataset_weigh(p.data, weights, error));
    refuse(CLN_INVALID, "its training data is another: answers", words, &parts, at("c"));
    OK(cln_dataset_weigh(p.data, NULL, error));
    parts.test = NULL;
    refuse(CLN_INVALID, "its test data is another: rows there 30, and here 0", words, &parts, at("c"));
    parts.test = q.data;
    OK(cln_dataset_keep_rows(p.data, 0, 89, error));
    refuse(CLN_INVALID, "its training data is another: rows there 90, and here 89", words, &parts, at("c"));
    problem_free(&q);
    problem_free(&p);
}
END_TEST

/* A checkpoint whose trainer was made to say something that cannot be. */
START_TEST(test_made_up)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, NULL};
    const char *words = "batch-size=10 epochs=3 valid=20 patience=2";
    cln_result result;
    cln_trainer *trainer = trainer_of("fused", words, p.data, NULL, NULL);
    keep(trainer, 0);
    OK(cln_trainer_run(trainer, NULL, NULL, &result, error));
    cln_entries *notes = &trainer->checkpoint->notes;
    cln_score scores[7] = {{1, 1, 10}};
    uint64_t steps = trainer->steps, epoch = trainer->epoch;
    static const struct {
        const char *key, *value, *sentence;
    } notes_of[] = {{"version", "0.0.1\x1b[2J", "it is of clinear 0.0.1?[2J, and this is"},
                    {"option.seed", "4\x1b[2J", "its option seed is \"4?[2J\""},
                    {"training.columns", "1 features", "its training data is another: columns"},
                    {"block_rows", "0", "its block_rows"},
                    {"block_rows", "4294967295", "its block_rows"},
                    {"shape", "cpu", "its kernels cannot be had"},
                    {"tuning", "{}", "within it is ignored"},
                    {"tuning", "[[[[", "within it is ignored"},
                    {"block_rows", "x", "its block_rows is no whole number"}};
    for (size_t i = 0; i < sizeof notes_of / sizeof *notes_of; i++) {
        const char *now = cln_entries_find(notes, notes_of[i].key);
        char before[400];
        snprintf(before, sizeof before, "%s", now ? now : "");
        OK(cln_entries_note(notes, error, notes_of[i].key, "%s", notes_of[i].value));
        cln_checkpoint_keep_sgd(trainer, NULL, 0, 1);
        refuse(CLN_INVALID, notes_of[i].sentence, words, &parts, at("c"));
        if (now)
            OK(cln_entries_note(notes, error, notes_of[i].key, "%s", before));
        else
            notes->count -= 1; /* the last one; its text is lost to the test */
    }
    ck_assert_int_eq(failed_count, 0);

    trainer->steps = 20;
    cln_checkpoint_keep_sgd(trainer, NULL, 0, 1);
    refuse(CLN_INVALID, "do not fit each other", words, &parts, at("c"));
    trainer->steps = 0;
    trainer->epoch = 0;
    cln_checkpoint_keep_sgd(trainer, NULL, 0, 1);
    refuse(CLN_INVALID, "nothing was done yet", words, &parts, at("c"));
    trainer->steps = 17;
    trainer->epoch = 3;
    cln_checkpoint_keep_sgd(trainer, scores, 7, 1); /* of a pass of 7 */
    refuse(CLN_INVALID, "its minibatch is no whole number up to 6", words, &parts, at("c"));
    trainer->steps = steps;
    trainer->epoch = epoch;
    trainer->lanes[0].in_best = false;
    cln_checkpoint_keep_sgd(trainer, NULL, 0, 1);
    refuse(CLN_INVALID, "its best weights and its patience", words, &parts, at("c"));
    trainer->lanes[0].in_best = true;
    trainer->lanes[0].settings.learning_rate = -1;
    cln_checkpoint_keep_sgd(trainer, NULL, 0, 1);
    refuse(CLN_INVALID, "its learning_rate is not above 0", words, &parts, at("c"));
    trainer->lanes[0].settings.learning_rate = (double)NAN;
    cln_checkpoint_keep_sgd(trainer, NULL, 0, 1);
    refuse(CLN_INVALID, "its learning_rate is no number", words, &parts, at("c"));
    cln_trainer_close(trainer);

    put_file("d", "{}", 2);
    refuse(CLN_FORMAT, "no safetensors file", words, &parts, at("d"));
    refuse(CLN_IO, "cannot read", words, &parts, at("nothing"));
    refuse(CLN_IO, "it is a folder", words, &parts, folder);
    cln_model *model = trained("fused", words, p.data, NULL, NULL, NULL);
    OK(cln_model_save(model, at("m"), error));
    refuse(CLN_FORMAT, "another kind of file", words, &parts, at("m"));
    FAILS(CLN_FORMAT, "is none of a linear model", cln_model_load(at("c"), &model, error));
    problem_free(&p);
}
END_TEST

/* ---- where it cannot be written */

/* A disk that is full ends no training, and the checkpoint before stays. */
START_TEST(test_full_disk)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_parts parts = {p.data, NULL, NULL};
    const char *words = "batch-size=10 epochs=3";
    cln_result all, one;
    cln_model *expected = trained("fused", words, p.data, NULL, NULL, &all);
    cln_trainer *trainer = trainer_of("fused", words, p.data, NULL, NULL);
    keep(trainer, 4);
    OK(cln_trainer_run(trainer, NULL, NULL, &one, error));
    cln_trainer_close(trainer);
    copy_file(kept_at(0), at("c"));

    trainer = resumed("fused", words, &parts, at("c"));
    keep(trainer, 1);
    struct rlimit before, none = {100, 100};
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &before), 0);
    none.rlim_max = before.rlim_max;
    void (*handler)(int) = signal(SIGXFSZ, SIG_IGN);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    OK(cln_trainer_run(trainer, NULL, NULL, &one, error));
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &before), 0);
    signal(SIGXFSZ, handler);
    ck_assert_int_eq(kept_count, 0);
    ck_assert_int_eq(failed_count, 23);
    ck_assert_msg(strstr(last_failure, "cannot write") != NULL, "%s", last_failure);
    cln_model *model = model_of(trainer);
    ck_assert(same_bits(model, expected));
    cln_model_free(model);
    cln_trainer_close(trainer);

    trainer = resumed("fused", words, &parts, at("c"));
    OK(cln_trainer_run(trainer, NULL, NULL, &one, error));
    model = model_of(trainer);
    ck_assert(same_bits(model, expected));
    cln_model_free(model);
    cln_model_free(expected);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

START_TEST(test_not_kept)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_trainer *trainer = trainer_of("fused", "batch-size=10", p.data, NULL, NULL);
    cln_checkpoints to = {.path = at("no/such/folder")};
    cln_resumption from;
    char long_path[5000];
    ck_assert(!cln_trainer_resumed(trainer, &from));
    FAILS(CLN_IO, "cannot write", cln_trainer_checkpoint(trainer, &to, error));
    to.path = "/dev/null";
    FAILS(CLN_IO, "no regular file", cln_trainer_checkpoint(trainer, &to, error));
    memset(long_path, 'x', sizeof long_path);
    long_path[sizeof long_path - 1] = '\0';
    to.path = long_path;
    FAILS(CLN_IO, "too long", cln_trainer_checkpoint(trainer, &to, error));
    cln_trainer_close(trainer);
    trainer = trainer_of("fused", "model=linear solver=direct alpha=1", p.data, NULL, NULL);
    to.path = at("c");
    FAILS(CLN_INVALID, "solver direct keeps no checkpoints", cln_trainer_checkpoint(trainer, &to, error));
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

/* A run that diverges leaves what it kept before. */
START_TEST(test_diverging)
{
    problem p = problem_make(90, 6, 4, CLN_UINT8, 7);
    cln_result result;
    cln_trainer *trainer = trainer_of("fused", "batch-size=10 learning-rate=1e20 l2=1", p.data, NULL, NULL);
    keep(trainer, 1);
    FAILS(CLN_DIVERGED, "diverged", cln_trainer_run(trainer, NULL, NULL, &result, error));
    ck_assert_int_eq(kept_count, 1);
    ck_assert_int_eq(failed_count, 0);
    cln_trainer_close(trainer);
    problem_free(&p);
}
END_TEST

int main(void)
{
    Suite *suite = suite_create("train/checkpoint");
    TCase *ok = tcase_create("ok"), *edges = tcase_create("edges"), *invalid = tcase_create("invalid");
    TCase *cases[] = {ok, edges, invalid};
    for (int i = 0; i < 3; i++) {
        tcase_add_checked_fixture(cases[i], make_folder, remove_folder);
        tcase_set_timeout(cases[i], 300);
        suite_add_tcase(suite, cases[i]);
    }
    tcase_add_loop_test(ok, test_sgd, 0, 4 * SGD);
    tcase_add_loop_test(ok, test_lbfgs, 0, 4 * (int)(sizeof lbfgs / sizeof *lbfgs));
    tcase_add_loop_test(ok, test_sgd_gpu_shapes, 0, 2);
    tcase_add_loop_test(ok, test_seldom, 0, 2);
    tcase_add_loop_test(ok, test_in_many_lives, 0, 4);
    tcase_add_loop_test(edges, test_more_epochs, 0, 4);
    tcase_add_test(edges, test_tuning);
    tcase_add_test(edges, test_other_device);
    tcase_add_test(edges, test_full_disk);
    tcase_add_test(edges, test_diverging);
    tcase_add_test(invalid, test_other_options);
    tcase_add_test(invalid, test_other_data);
    tcase_add_test(invalid, test_made_up);
    tcase_add_test(invalid, test_not_kept);
    return run_on_device(suite);
}

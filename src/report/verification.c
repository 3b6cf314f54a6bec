#include "report/verification.h"

#include "report/json.h"
#include "report/table.h"
#include "report/text.h"

#include <math.h>

static void add_row(cln_table *table, const char *name, double stored, double found)
{
    cln_table_add(table, '<', "%s", name);
    cln_table_add(table, '>', isnan(stored) ? "none" : "%.9g", stored);
    cln_table_add(table, '>', isnan(found) ? "none" : "%.9g", found);
}

cln_status cln_report_verification(const cln_verified *verified, FILE *to, cln_error *error)
{
    const cln_verification *v = &verified->verification;
    cln_table *table = cln_table_create(3);
    cln_text rows;
    bool relative = cln_model_metadata(verified->model, "certificate.gradient");
    cln_table_add(table, '<', "in double precision");
    cln_table_add(table, '>', "certified");
    cln_table_add(table, '>', "found");
    add_row(table, "objective", v->stored.objective, v->found.objective);
    add_row(table, "mean loss", v->stored.loss, v->found.loss);
    add_row(table, relative ? "relative gradient" : "largest gradient component", v->stored.gradient_norm,
            v->found.gradient_norm);
    add_row(table, "above the optimum by at most", v->stored.suboptimality, v->found.suboptimality);
    char path[1100], data[1100], reason[sizeof v->reason];
    cln_text_harmless(path, sizeof path, verified->path);
    cln_text_harmless(data, sizeof data, verified->data);
    cln_text_harmless(reason, sizeof reason, v->reason);
    fprintf(to, "  %s on %s training rows of %s\n\n", path, cln_text_count(rows, v->found.rows), data);
    bool written = cln_table_write(table, to);
    cln_table_free(table);
    if (!written)
        return cln_fail_memory(error, "a table", 0);
    fprintf(to, "\n  %s: %s.\n", v->agrees ? "Verified" : "Refused", reason);
    return CLN_OK;
}

cln_status cln_report_verification_json(const cln_verified *verified, FILE *to, cln_error *error)
{
    const cln_verification *v = &verified->verification;
    json_t *object = json_pack("{so so so so so so}", "verdict", cln_json_text(v->agrees ? "verified" : "refused"),
                               "reason", cln_json_text(v->reason), "data", cln_json_text(verified->data), "tolerance",
                               cln_json_real(v->tolerance), "certified", cln_json_certificate(&v->stored), "found",
                               cln_json_certificate(&v->found));
    return cln_json_write(object, 2, to, error);
}

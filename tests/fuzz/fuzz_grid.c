/* The grid of a search. */
#include "fuzz.h"
#include "search/grid.h"

#include <stdlib.h>

void fuzz_one(const uint8_t *bytes, size_t count)
{
    cln_error error = {0};
    cln_options *base = NULL, *last = NULL;
    cln_option_grid *grid = NULL;
    char *text = fuzz_text(bytes, count);
    FUZZ_ASSERT(cln_options_create(&base, NULL) == CLN_OK);
    cln_status status = cln_grid_create(base, text, &grid, &error);
    FUZZ_ASSERT(error.status == status && (status == CLN_OK) == (grid != NULL) &&
                (status == CLN_OK) == !*error.message);
    if (grid) {
        char words[64];
        uint32_t configuration = cln_grid_count(grid) - 1;
        FUZZ_ASSERT(configuration < CLN_GRID_MOST);
        cln_grid_describe(grid, configuration, words, sizeof words);
        FUZZ_ASSERT(cln_grid_options(grid, configuration, &last, NULL) == CLN_OK);
        FUZZ_ASSERT(cln_options_check(last) == NULL);
    }
    cln_options_free(last);
    cln_grid_free(grid);
    cln_options_free(base);
    free(text);
}

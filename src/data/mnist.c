#include "data/mnist.h"

#include "base/os.h"
#include "base/size.h"

#include <stdio.h>

/* The file of this stem under any of its four names; *path is "" where there is none. Some archives unpack into folders of
   these names, which are passed over. */
static cln_status find(const char *folder, const char *stem, const char *kind, char path[CLN_PATH_BYTES],
                       cln_error *error)
{
    static const struct {
        const char *joint, *ending;
    } forms[] = {{"-", ""}, {".", ""}, {"-", ".gz"}, {".", ".gz"}};
    for (size_t i = 0; i < CLN_COUNT(forms); i++) {
        int length = snprintf(path, CLN_PATH_BYTES, "%s/%s%s%s%s", folder, stem, forms[i].joint, kind, forms[i].ending);
        if (length < 0 || length >= CLN_PATH_BYTES)
            return cln_fail(error, CLN_IO, "cannot read folder %.60s…: its name is too long", folder);
        if (cln_os_exists(path) && !cln_os_is_folder(path))
            return CLN_OK;
    }
    path[0] = '\0';
    return CLN_OK;
}

cln_status cln_mnist_find(const char *folder, cln_part part, char images[CLN_PATH_BYTES], char labels[CLN_PATH_BYTES],
                          cln_error *error)
{
    cln_status status;
    const char *stem = part == CLN_PART_TRAIN ? "train" : "t10k";
    char name[32];
    snprintf(name, sizeof name, "%s-images", stem);
    TRY(find(folder, name, "idx3-ubyte", images, error));
    if (!*images)
        return cln_fail(
            error, CLN_IO,
            "folder %s has no %s-images-idx3-ubyte (nor .gz); fetch MNIST with scripts/get-mnist.sh, or give "
            "another folder",
            folder, stem);
    snprintf(name, sizeof name, "%s-labels", stem);
    TRY(find(folder, name, "idx1-ubyte", labels, error));
out:
    return status;
}

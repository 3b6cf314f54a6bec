#include "base/os.h"

#include <pthread.h>
#include <stdlib.h>

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

void cln_os_lock(void)
{
    pthread_mutex_lock(&lock);
}

void cln_os_unlock(void)
{
    pthread_mutex_unlock(&lock);
}

struct cln_os_thread {
    pthread_t handle;
    cln_os_work_fn *work;
    void *user;
};

static void *start(void *thread)
{
    cln_os_thread *own = thread;
    own->work(own->user);
    return NULL;
}

cln_os_thread *cln_os_thread_begin(cln_os_work_fn *work, void *user)
{
    cln_os_thread *thread = malloc(sizeof *thread);
    if (thread) {
        *thread = (cln_os_thread){.work = work, .user = user};
        if (pthread_create(&thread->handle, NULL, start, thread) == 0)
            return thread;
    }
    free(thread);
    work(user);
    return NULL;
}

void cln_os_thread_join(cln_os_thread *thread)
{
    if (thread)
        pthread_join(thread->handle, NULL);
    free(thread);
}

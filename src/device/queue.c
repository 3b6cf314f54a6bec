#include "device/queue.h"

#include "device/profile.h"
#include "device/words.h"

cln_status cln_queue_finish(cln_device *device, cln_error *error)
{
    return cln_check_cl(error, clFinish(device->queue), "finish the work on %s", device->facts.info.name);
}

cln_status cln_pace_mark(cln_device *device, cln_pace *pace, cln_error *error)
{
    cl_event mark = NULL;
    cln_status status = CLN_OK;
    TRY(cln_check_cl(error, clEnqueueMarkerWithWaitList(device->queue, 0, NULL, &mark), "mark the queue of %s",
                     device->facts.info.name));
    TRY(cln_check_cl(error, clFlush(device->queue), "start the work on %s", device->facts.info.name));
    if (pace->behind)
        TRY(cln_check_cl(error, clWaitForEvents(1, &pace->behind), "wait for %s", device->facts.info.name));
    cln_profile_collect(device);
out:
    cln_pace_release(pace);
    pace->behind = mark;
    return status;
}

void cln_pace_release(cln_pace *pace)
{
    if (pace->behind)
        clReleaseEvent(pace->behind);
    pace->behind = NULL;
}

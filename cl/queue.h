/*
 * Tasks for work-groups that go on beside each other: each takes the next task once all tasks that it builds on are done. Those were
 * taken by work-groups that have begun, so that nobody waits for one that has not; and who has waited in vain (the system runs
 * something else instead) leaves the rest to them. All that is asked of the device is that work-groups that have begun go on beside
 * each other (cln_facts.groups_advance), and that what one wrote before an atomic operation is seen by another after it.
 */
#ifndef CLN_QUEUE_H
#define CLN_QUEUE_H

#define DONE 32 /* the two counters of a queue lie in different lines of the cache */

/* How many tasks must be done before this one: in each minibatch the stretches wait for the steps before, and those for them. */
static inline uint needed(uint task, uint tasks, uint splits)
{
    return task / tasks * tasks + (task % tasks < splits ? 0 : splits);
}

/* Takes the next of `all` tasks, when it can be begun. None is left, or it took too long: `all`. */
static inline uint take(__global volatile uint *queue, uint tasks, uint splits, uint all, uint patience)
{
    uint task = queue[0];
    for (uint waited = 0; task < all && waited < patience; waited++) {
        if (queue[DONE] >= needed(task, tasks, splits)) {
            uint taken = atomic_cmpxchg(queue, task, task + 1); /* and what others wrote is seen from here on */
            if (taken == task)
                return task;
        }
        task = queue[0];
    }
    return all;
}

/* What this work-group wrote is there for whoever sees one more task done. */
static inline void tell_done(__global volatile uint *queue)
{
    mem_fence(CLK_GLOBAL_MEM_FENCE);
    atomic_inc(queue + DONE);
}

#endif

/* The queue is in the order in which the calls give up. Most come with the latest time of all and
 * go to its end; only one that has looked, in vain, and comes back has to find its place.
 *
 * A stream's newest seq says that some shard has something new, perhaps not the one that a call
 * reads. So that a quiet shard of a busy stream does not cost a look for every sync, a call that
 * has looked in vain looks again PARK_PAUSE_MS later at the earliest, and after HTTP_POLL_RUNS_MAX
 * looks, each of which takes memory of its arena, it leaves. */
#include "daemon/http/park.h"

#include "daemon/http/dispatch_inner.h"
#include "storage/stream/stream.h"

enum { PARK_PAUSE_MS = 2 };

static void park_set(struct loop *loop)
{
    atomic_store_explicit(&loop->parking, loop->parked.count, memory_order_relaxed);
    atomic_thread_fence(memory_order_seq_cst); /* See loop_durable. */
}

static bool park_is_due(const struct dispatch_call *call)
{
    const struct call_poll *poll = &call->call.poll;
    return stream_newest(call->loop->node->store, poll->stream) > poll->seen;
}

bool park_takes(const struct dispatch_call *call)
{
    struct loop *loop = call->loop;
    if (loop->stopping || loop->options.poll_ms == 0 ||
        loop->parked.count >= HTTP_CALLS_PARKED_MAX || call->runs >= HTTP_POLL_RUNS_MAX) {
        return false;
    }
    return call->parked_until_ms == 0 || uv_now(&loop->uv) < call->parked_until_ms;
}

static void park_insert(struct loop_waiters *parked, struct dispatch_call *call)
{
    struct dispatch_call *before = NULL;
    if (parked->last != NULL && parked->last->parked_until_ms <= call->parked_until_ms) {
        before = parked->last;
    } else {
        for (struct dispatch_call *at = parked->first;
             at != NULL && at->parked_until_ms <= call->parked_until_ms; at = at->next) {
            before = at;
        }
    }
    call->next = before == NULL ? parked->first : before->next;
    if (before == NULL) {
        parked->first = call;
    } else {
        before->next = call;
    }
    if (call->next == NULL) {
        parked->last = call;
    }
    parked->count++;
}

static void park_on_timer(uv_timer_t *timer)
{
    park_wake(CONTAINER_OF(timer, struct loop, park));
}

/* `soon`: somebody has to look before the first one gives up. */
static void park_arm(struct loop *loop, bool soon)
{
    const struct dispatch_call *first = loop->parked.first;
    uint64_t now_ms = uv_now(&loop->uv);
    if (first == NULL) {
        uv_timer_stop(&loop->park);
        return;
    }
    uint64_t after_ms = first->parked_until_ms > now_ms ? first->parked_until_ms - now_ms : 0;
    after_ms = soon && after_ms > PARK_PAUSE_MS ? PARK_PAUSE_MS : after_ms;
    uv_timer_start(&loop->park, park_on_timer, after_ms, 0);
}

void park_add(struct dispatch_call *call)
{
    struct loop *loop = call->loop;
    uv_update_time(&loop->uv);
    call->ran_ms = uv_now(&loop->uv);
    call->runs++;
    if (call->parked_until_ms == 0) {
        call->parked_until_ms = call->ran_ms + loop->options.poll_ms;
    }
    park_insert(&loop->parked, call);
    park_set(loop);
    park_arm(loop, park_is_due(call)); /* Meanwhile, when nobody would have woken us. */
}

/* A call that runs again, or leaves, may start the next request of its connection, which may park:
 * the queue is taken aside first. */
void park_wake(struct loop *loop)
{
    struct loop_waiters taken = loop->parked;
    struct dispatch_call *next = NULL;
    if (taken.first == NULL) {
        return;
    }
    uv_update_time(&loop->uv);
    uint64_t now_ms = uv_now(&loop->uv);
    loop->parked = (struct loop_waiters){0};
    for (struct dispatch_call *call = taken.first; call != NULL; call = next) {
        next = call->next;
        if (park_is_due(call) && (call->runs == 1 || now_ms >= call->ran_ms + PARK_PAUSE_MS)) {
            dispatch_again(call);
        } else if (now_ms >= call->parked_until_ms) {
            dispatch_unpark(call);
        } else {
            park_insert(&loop->parked, call);
        }
    }
    park_set(loop);
    bool soon = false; /* Also what rose meanwhile, when nobody would have woken us. */
    for (const struct dispatch_call *call = loop->parked.first; call != NULL; call = call->next) {
        soon = soon || park_is_due(call);
    }
    park_arm(loop, soon);
}

void park_end(struct loop *loop)
{
    struct loop_waiters taken = loop->parked;
    struct dispatch_call *next = NULL;
    ensure(loop->stopping);
    loop->parked = (struct loop_waiters){0};
    for (struct dispatch_call *call = taken.first; call != NULL; call = next) {
        next = call->next;
        dispatch_unpark(call);
    }
    park_set(loop);
    park_arm(loop, false);
}

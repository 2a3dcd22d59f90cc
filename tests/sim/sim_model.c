#include "tests/sim/sim_model.h"

#include <stdarg.h>

void sim_fail(struct sim_model *model, const char *format, ...)
{
    if (model->failure[0] != 0) {
        return;
    }
    va_list args;
    va_start(args, format);
    int size = snprintf(model->failure, sizeof(model->failure),
                        "at %.3f s: ", (double)model->now_us / 1e6);
    ensure(size > 0);
    vsnprintf(model->failure + size, sizeof(model->failure) - (size_t)size, format, args);
    va_end(args);
    sim_trace(model, "FAILURE %s", model->failure);
}

void sim_trace(struct sim_model *model, const char *format, ...)
{
    if (!model->trace) {
        return;
    }
    va_list args;
    va_start(args, format);
    printf("%10.6f ", (double)model->now_us / 1e6);
    vprintf(format, args);
    putchar('\n');
    va_end(args);
}

struct sim_write *sim_model_find(struct sim_model *model, struct dot dot)
{
    if (dot.region > SIM_REGIONS_MAX || dot.seq >= SIM_SEQS_MAX) {
        return NULL;
    }
    uint32_t found = model->by_seq[dot.region][dot.seq];
    return found == 0 ? NULL : &model->writes[found - 1];
}

bool sim_model_saw(const struct sim_write *a, const struct sim_write *b)
{
    return dot_covered_by(b->version.dot, a->version.dot) ||
           context_has(&a->version.context, b->version.dot);
}

/* Faults the simulator must notice. A mutant build defines MERIDIAN_MUTANT to one of the names; in
 * every other build MUTANT(…) is the constant false and the fault is not in the program. */
#pragma once

enum replication_mutant {
    MUTANT_NONE,
    MUTANT_TIE_BREAK,          /* Equal stamps: whoever arrives last wins. */
    MUTANT_APPLY_TWICE,        /* A repeated batch is applied again. */
    MUTANT_GAP,                /* A batch that does not continue the last one is taken. */
    MUTANT_ACK_BEFORE_DURABLE, /* Acknowledged when appended. */
    MUTANT_CONTEXT_DROPPED,    /* What the writer had seen is ignored. */
    MUTANT_STAMP_FLOOR,        /* A write does not outbid what it overwrites. */
    MUTANT_TOMBSTONE_FENCE,    /* Tombstones go as soon as they are seen. */
    MUTANT_REPORT_UNDURABLE,   /* What is applied is reported before it is durable. */
    MUTANT_REPORT_OVERTAKES,   /* A report may overtake own writes that were made before it. */
    MUTANT_SETTLED_ALONE,      /* What this region has applied counts as settled everywhere. */
    MUTANT_GROUP_SPLIT,        /* A transaction is applied in two batches. */
    MUTANT_GROUP_CUT,       /* The parts of a large transaction are shipped as if each was whole. */
    MUTANT_EXPIRY_STAMP,    /* An expiry is stamped by the clock, like any other write. */
    MUTANT_GROUP_FORGOTTEN, /* Parts that were gathered are left out when the last one comes. */
};

#ifndef MERIDIAN_MUTANT
#define MERIDIAN_MUTANT MUTANT_NONE
#endif

#define MUTANT(name) (MERIDIAN_MUTANT == MUTANT_##name)

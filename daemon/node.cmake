# struct node, configuration, logging, metrics, and the daemon's main.
target_sources(node PRIVATE node.c log.c metrics.c)

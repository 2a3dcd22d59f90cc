/* replaced soon */
typedef int replication_clock_empty;

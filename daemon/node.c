/* replaced soon */
typedef int node_empty;

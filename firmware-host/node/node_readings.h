/* READINGS of a node: as many records of its ring as a frame takes, dated. Used by node_core.c only.
 *
 * Purpose    choose, date and encode.
 * Thread     the node's.
 * Ownership  writes node->frame.
 * Limits     one frame.
 * Errors     none: a record of checked names always fits an empty frame.
 */
#ifndef WEIR_NODE_NODE_READINGS_H
#define WEIR_NODE_NODE_READINGS_H

#include "node/node_core.h"

#ifdef __cplusplus
extern "C" {
#endif

/* From node->next on; how many it took, at least 1. The ring holds node->next. */
uint32_t weir_put_node_readings(weir_node* node, int64_t now_ms);

#ifdef __cplusplus
}
#endif

#endif

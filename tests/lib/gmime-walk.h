/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What tests need to see a message as GMime does. */
#ifndef PLI_TESTS_LIB_GMIME_WALK_H
#define PLI_TESTS_LIB_GMIME_WALK_H

#include <gmime/gmime.h>

#include "engine/slice.h"

/* NULL: GMime takes it for none. The octets must outlive what is returned. */
GMimeMessage *
pli_gmime_parse(PliSlice message);

typedef void (*PliGmimeSee)(GMimeObject *object, guint depth, gboolean is_leaf,
                            gpointer data);

/*
 * Each part in order, without recursion, however deep they lie. Depth is 0 for
 * the part that is the message; a message in a part is one deeper than it.
 */
void
pli_gmime_walk(GMimeMessage *message, PliGmimeSee see, gpointer data);

/* What a leaf decodes to. NULL when it holds no content. */
GBytes *
pli_gmime_decode(GMimeObject *leaf);

#endif

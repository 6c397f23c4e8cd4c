/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Part trees as other parsers see them, and as we do, in one form: a line a
 * part, two blanks for each level, "type/subtype" in lower case, and for a
 * leaf "offset+length" of its body ("empty" when it has none). A message in a
 * message/rfc822 part is that part's child. What we add for IMAP's grammar
 * and stands for no octets is left out.
 */
#ifndef PLI_TESTS_LIB_PEER_H
#define PLI_TESTS_LIB_PEER_H

#include "engine/structure.h"

/* The tree of a message; g_free() it. NULL: the peer takes it for none. */
typedef char *(*PliPeerTree)(PliSlice message);

char *
pli_peer_tree_of(const PliStructure *structure);

/* As another program's file: LF is a line end. */
char *
pli_peer_tree_pli(PliSlice message);

/* GMime reads addresses recursively: give it no message that
 * pli_peer_is_vetted() refuses, but in a process of its own. */
char *
pli_peer_tree_gmime(PliSlice message);

/* Never NULL. Where the tests were built without Dovecot there is none. */
#ifdef PLI_PEER_DOVECOT
char *
pli_peer_tree_dovecot(PliSlice message);
#endif

/*
 * Whether readers must agree on a message: no defect says that they differ,
 * no limit was met, and no field is so long that GMime should not have it.
 */
gboolean
pli_peer_is_vetted(const PliStructure *structure, PliSlice message);

/*
 * The leaves in order, their bodies decoded: GBytes. NULL among ours: the
 * decoder found a defect or blanks to drop, and readers may differ; among
 * GMime's: a part that holds no content. Free the array, it owns them.
 */
GPtrArray *
pli_peer_contents_of(const PliStructure *structure, PliSlice message);
GPtrArray *
pli_peer_contents_gmime(PliSlice message);

/* The number of the first leaf that both have and that differs, else -1. */
gint
pli_peer_find_other_content(const GPtrArray *ours, const GPtrArray *theirs);

/*
 * The trees of many messages (an array of GBytes), made in a process of its
 * own, which is started again after a message that ended it or took longer
 * than ten seconds: that one's tree is "died". "none" stands for NULL. Free
 * the array, it owns the texts.
 */
GPtrArray *
pli_peer_run(PliPeerTree tree, const GPtrArray *messages);

/* One line of a tree. `octets` is NULL, or the body of a leaf. */
void
pli_peer_put_line(GString *out, guint depth, const char *type,
                  const PliSpan *octets);

#endif

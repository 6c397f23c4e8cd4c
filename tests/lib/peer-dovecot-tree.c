/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/peer.h"

#include "tests/bench/peer-dovecot.h"

static void
put_part(const struct peer_part *part, void *data)
{
	const PliSpan body = {0, part->offset, part->length};
	g_autofree char *both = g_strdup_printf(
	        "%s/%s", part->type != NULL ? part->type : "",
	        part->subtype != NULL ? part->subtype : "");
	g_autofree char *lower = g_ascii_strdown(both, -1);

	pli_peer_put_line(data, part->depth, lower,
	                  part->is_leaf ? &body : NULL);
}

char *
pli_peer_tree_dovecot(PliSlice message)
{
	GString *out = g_string_new(NULL);

	peer_dovecot_walk(message.data, message.len, put_part, out);
	return g_string_free(out, FALSE);
}

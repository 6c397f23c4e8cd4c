/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of aliases under any octets: each that is read can be found, and
 * none holds what would make another line of it. */
#include <string.h>

#include "store/aliases.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static void
check_address(const char *text)
{
	g_assert(*text != '\0' && g_utf8_validate(text, -1, NULL));
	g_assert(strpbrk(text, "\r\n\t ,:<>") == NULL);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_autoptr(GError) error = NULL;
	PliAliases *aliases =
		pli_aliases_parse(pli_slice_new(data, len), "fuzz", &error);

	g_assert((aliases == NULL) == (error != NULL));
	if (aliases == NULL) {
		g_assert(g_str_has_prefix(error->message, "fuzz:"));
		return 0;
	}
	for (guint i = 0; i < pli_aliases_get_n(aliases); i++) {
		const PliAlias *alias = pli_aliases_get(aliases, i);

		g_assert(pli_aliases_find(aliases, alias->name) == alias);
		check_address(alias->name);
		g_assert(alias->targets[0] != NULL);
		for (char **target = alias->targets; *target != NULL; target++)
			check_address(*target);
	}
	pli_aliases_unref(aliases);
	return 0;
}

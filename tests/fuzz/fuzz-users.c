/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of accounts under any octets: what is read is written again as it
 * was, and read to the same. */
#include <string.h>

#include "store/users-priv.h"

int LLVMFuzzerTestOneInput(const guint8 *data, gsize len);

static void
check_user(const PliUser *user)
{
	g_autofree char *line = pli_users_format_user(user);
	g_autoptr(PliUsers) again =
		pli_users_parse(pli_slice_from_string(line), "again", NULL);
	g_autofree char *same = NULL;

	g_assert(pli_users_is_name(user->name));
	g_assert(again != NULL && pli_users_get_n(again) == 1);
	same = pli_users_format_user(pli_users_get(again, 0));
	g_assert(strcmp(line, same) == 0);
}

int
LLVMFuzzerTestOneInput(const guint8 *data, gsize len)
{
	g_autoptr(GError) error = NULL;
	PliUsers *users =
		pli_users_parse(pli_slice_new(data, len), "fuzz", &error);

	g_assert((users == NULL) == (error != NULL));
	if (users == NULL) {
		g_assert(g_str_has_prefix(error->message, "fuzz:"));
		return 0;
	}
	for (guint i = 0; i < pli_users_get_n(users); i++) {
		const PliUser *user = pli_users_get(users, i);

		g_assert(pli_users_find(users, user->name) == user);
		check_user(user);
	}
	pli_users_unref(users);
	return 0;
}

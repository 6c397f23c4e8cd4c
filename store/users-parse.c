/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A line of the file of accounts. */
#include <string.h>

#include "store/users-priv.h"

#define SHOWN_OCTETS 40 /* of what came, in an error */

const char *const pli_users_hash_names[PLI_USER_N_HASHES] = {
	[PLI_USER_SHA1] = "scram-sha-1",
	[PLI_USER_SHA256] = "scram-sha-256",
};

static gboolean
stands_as_is(guchar c, gboolean is_first)
{
	if (c == '.')
		return !is_first;
	return g_ascii_islower(c) || g_ascii_isdigit(c) ||
	       (c != '\0' && strchr("_+-", c) != NULL);
}

/* "%XX", of an octet that no name holds in another way. */
static gboolean
is_escape(const char *text, gboolean is_first)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *high, *low;
	guchar c;

	if (text[0] != '%' || text[1] == '\0' || text[2] == '\0')
		return FALSE;
	high = strchr(digits, text[1]);
	low = strchr(digits, text[2]);
	if (high == NULL || low == NULL)
		return FALSE;
	c = (guchar)((high - digits) << 4 | (low - digits));
	return c != '\0' && !g_ascii_isupper(c) && !stands_as_is(c, is_first);
}

gboolean
pli_users_is_name(const char *name)
{
	gsize n = strlen(name);

	if (n == 0 || n > PLI_USERS_NAME_MAX)
		return FALSE;
	for (const char *c = name; *c != '\0'; c++) {
		if (is_escape(c, c == name))
			c += 2;
		else if (!stands_as_is((guchar)*c, c == name))
			return FALSE;
	}
	return TRUE;
}

/* What came, for an error; never used for what may be a password. */
static char *
dup_shown(const char *text)
{
	gboolean is_long = strlen(text) > SHOWN_OCTETS;
	g_autofree char *begin = g_strndup(text, SHOWN_OCTETS);
	g_autofree char *shown = g_strescape(begin, NULL);

	return g_strconcat("'", shown, is_long ? "...'" : "'", NULL);
}

/* The octets that `text` is base64 of, as nobody else would write it; NULL. */
static guchar *
decode_base64(const char *text, gsize *ret_len)
{
	guchar *octets = g_base64_decode(text, ret_len);
	char *again = g_base64_encode(octets, *ret_len);
	gboolean same = strcmp(again, text) == 0;

	explicit_bzero(again, strlen(again));
	g_free(again);
	if (same)
		return octets;
	explicit_bzero(octets, *ret_len);
	g_free(octets);
	return NULL;
}

/* NULL when `text` is base64 of `least` to `most` octets, or what came. */
static char *
find_base64_fault(const char *text, gsize least, gsize most)
{
	gsize len;
	guchar *octets = decode_base64(text, &len);

	if (octets == NULL)
		return g_strdup("no base64 came");
	explicit_bzero(octets, len);
	g_free(octets);
	if (len >= least && len <= most)
		return NULL;
	return g_strdup_printf("%" G_GSIZE_FORMAT " came", len);
}

static char *
read_iterations(const char *text, guint *ret_iterations)
{
	guint64 iterations;
	g_autofree char *shown = NULL;

	if (g_ascii_string_to_unsigned(text, 10, 1, PLI_USERS_ITERATIONS_MAX,
				       &iterations, NULL)) {
		*ret_iterations = (guint)iterations;
		return NULL;
	}
	shown = dup_shown(text);
	return g_strdup_printf("1 to %d iterations were expected; %s came",
			       PLI_USERS_ITERATIONS_MAX, shown);
}

/* "10000,SALT,STORED,SERVER" */
static char *
read_scram(PliUser *user, PliUserHash hash, const char *value)
{
	const char *field = pli_users_hash_names[hash];
	gsize n = pli_user_hash_get_octets(hash);
	g_auto(GStrv) words = g_strsplit(value, ",", -1);
	PliUserScram *scram = &user->scram[hash];
	g_autofree char *fault = NULL;

	if (scram->salt != NULL)
		return g_strdup_printf("%s is there twice", field);
	if (g_strv_length(words) != 4)
		return g_strdup_printf(
			"iterations, salt, stored key and server key of %s "
			"were expected, with commas between them; %u came",
			field, g_strv_length(words));
	fault = read_iterations(words[0], &scram->iterations);
	if (fault != NULL)
		return g_steal_pointer(&fault);
	fault = find_base64_fault(words[1], 1, 256);
	if (fault != NULL)
		return g_strdup_printf("the salt of %s was expected in base64, "
				       "1 to 256 octets; %s",
				       field, fault);
	fault = find_base64_fault(words[2], n, n);
	if (fault == NULL)
		fault = find_base64_fault(words[3], n, n);
	if (fault != NULL)
		return g_strdup_printf("both keys of %s were expected in "
				       "base64, as long as the hash, %"
				       G_GSIZE_FORMAT " octets; %s",
				       field, n, fault);
	scram->salt = g_strdup(words[1]);
	scram->stored_key = g_strdup(words[2]);
	scram->server_key = g_strdup(words[3]);
	return NULL;
}

static char *
read_secret(PliUser *user, const char *value)
{
	gsize len;
	guchar *octets;
	g_autofree char *fault = NULL;

	if (user->secret != NULL)
		return g_strdup("secret is there twice");
	fault = find_base64_fault(value, 1, PLI_USERS_PASSWORD_MAX);
	if (fault != NULL)
		return g_strdup_printf("the secret was expected in base64, 1 "
				       "to %d octets; %s",
				       PLI_USERS_PASSWORD_MAX, fault);
	octets = g_base64_decode(value, &len);
	user->secret = g_strndup((char *)octets, len);
	explicit_bzero(octets, len);
	g_free(octets);
	return strlen(user->secret) == len
		       ? NULL
		       : g_strdup("the secret was expected without NUL");
}

static char *
read_crypt(PliUser *user, const char *value)
{
	if (user->crypt != NULL)
		return g_strdup("crypt is there twice");
	if (*value != '$')
		return g_strdup("crypt was expected to begin with $, as a "
				"hash of crypt(5)");
	user->crypt = g_strdup(value);
	return NULL;
}

/* NULL, or what is wrong with "scram-sha-1=..." */
static char *
read_field(PliUser *user, char *field)
{
	char *value = strchr(field, '=');
	g_autofree char *shown = NULL;

	if (strcmp(field, "pam") == 0) {
		user->pam = TRUE;
		return NULL;
	}
	if (value == NULL)
		return g_strdup_printf("each field was expected to be "
				       "KEY=VALUE; %" G_GSIZE_FORMAT
				       " octets without = came",
				       strlen(field));
	*value++ = '\0';
	for (guint i = 0; i < PLI_USER_N_HASHES; i++)
		if (strcmp(field, pli_users_hash_names[i]) == 0)
			return read_scram(user, i, value);
	if (strcmp(field, "secret") == 0)
		return read_secret(user, value);
	if (strcmp(field, "crypt") == 0)
		return read_crypt(user, value);
	shown = dup_shown(field);
	return g_strdup_printf("%s is none of scram-sha-256, scram-sha-1, "
			       "crypt and secret, which were expected",
			       shown);
}

static char *
read_fields(PliUser *user, char *const *fields)
{
	gboolean is_alone = fields[0] != NULL && fields[1] == NULL;
	char *fault = NULL;

	for (; *fields != NULL && fault == NULL; fields++)
		fault = read_field(user, *fields);
	if (fault != NULL)
		return fault;
	/* another way in would pass what PAM says of the account */
	if (user->pam)
		return is_alone ? NULL
				: g_strdup("pam was expected to stand alone; "
					   "another field came");
	if (user->scram[PLI_USER_SHA1].salt == NULL &&
	    user->scram[PLI_USER_SHA256].salt == NULL && user->crypt == NULL)
		return g_strdup_printf("keys of SCRAM, a crypt or pam were "
				       "expected; %s has none of them",
				       user->name);
	return NULL;
}

/* Splits `line` where it lies. */
static char *
read_user(char *line, PliUser **ret_user)
{
	g_autoptr(GPtrArray) fields = g_ptr_array_new();
	g_autoptr(PliUser) user = g_new0(PliUser, 1);
	g_autofree char *shown = NULL;
	char *fault;

	for (char *next; line != NULL; line = next) {
		next = strchr(line, ':');
		if (next != NULL)
			*next++ = '\0';
		g_ptr_array_add(fields, line);
	}
	user->name = g_strdup(g_ptr_array_index(fields, 0));
	g_ptr_array_add(fields, NULL);
	if (!pli_users_is_name(user->name)) {
		shown = dup_shown(user->name);
		return g_strdup_printf("the name of an account was expected, "
				       "of a-z, 0-9, . _ + - and %%XX; %s "
				       "came",
				       shown);
	}
	fault = read_fields(user, (char **)fields->pdata + 1);
	if (fault == NULL)
		*ret_user = g_steal_pointer(&user);
	return fault;
}

char *
pli_users_parse_line(PliSlice octets, PliUser **ret_user)
{
	char *line;
	char *fault = NULL;

	if (octets.len > PLI_USERS_LINE_MAX)
		return g_strdup_printf("a line of at most %d octets was "
				       "expected; %" G_GSIZE_FORMAT " came",
				       PLI_USERS_LINE_MAX, octets.len);
	if (octets.len > 0 && memchr(octets.data, '\0', octets.len) != NULL)
		return g_strdup("a line without NUL was expected");
	line = pli_slice_dup(octets);
	g_strchomp(line);
	if (*line != '\0' && *line != '#')
		fault = read_user(line, ret_user);
	explicit_bzero(line, octets.len);
	g_free(line);
	return fault;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "daemon/dns-list.h"

#include <arpa/inet.h>
#include <string.h>

#include "protocols/smtp-path.h"

#define IPV6_TAG "IPv6:"
#define WEIGHT_MAX 100
#define NAME_MAX_OCTETS 253

static void
list_free(gpointer data)
{
	PliDnsList *list = data;

	g_free(list->zone);
	g_array_unref(list->codes);
	g_free(list);
}

/* "2", "2-11" or "*". */
static gboolean
parse_range(const char *text, guint8 *ret_least, guint8 *ret_most)
{
	g_auto(GStrv) ends = g_strsplit(text, "-", 2);
	guint64 least = 0, most = 255;

	if (strcmp(text, "*") != 0) {
		if (!g_ascii_string_to_unsigned(ends[0], 10, 0, 255, &least,
						NULL))
			return FALSE;
		most = least;
		if (ends[1] != NULL &&
		    !g_ascii_string_to_unsigned(ends[1], 10, least, 255, &most,
						NULL))
			return FALSE;
	}
	*ret_least = (guint8)least;
	*ret_most = (guint8)most;
	return TRUE;
}

static gboolean
parse_code(const char *text, PliDnsListCode *ret_code)
{
	g_auto(GStrv) parts = g_strsplit(text, ".", 5);

	if (g_strv_length(parts) != 4)
		return FALSE;
	for (guint i = 0; i < 4; i++)
		if (!parse_range(parts[i], &ret_code->least[i],
				 &ret_code->most[i]))
			return FALSE;
	return TRUE;
}

static gboolean
parse_codes(PliDnsList *list, const char *text)
{
	g_auto(GStrv) codes = g_strsplit(text, ",", -1);

	for (guint i = 0; codes[i] != NULL; i++) {
		PliDnsListCode code;

		if (!parse_code(codes[i], &code))
			return FALSE;
		g_array_append_val(list->codes, code);
	}
	return list->codes->len > 0;
}

/* NULL, or what was expected. */
static const char *
parse_entry(PliDnsList *list, const char *word)
{
	g_auto(GStrv) halves = g_strsplit(word, ":", 2);
	g_auto(GStrv) parts = g_strsplit(halves[0], "=", 2);
	guint64 weight = 1;

	if (halves[1] != NULL &&
	    !g_ascii_string_to_unsigned(halves[1], 10, 1, WEIGHT_MAX, &weight,
					NULL))
		return "a weight is a number from 1 to 100";
	list->weight = (guint)weight;
	if (!pli_smtp_path_is_domain(pli_slice_from_string(parts[0])))
		return "the zone is no domain";
	list->zone = g_strdup(parts[0]);
	if (parts[1] != NULL && !parse_codes(list, parts[1]))
		return "codes are addresses apart by commas, such as "
		       "127.0.0.2,127.0.0.4-11 or 127.0.*.3";
	return NULL;
}

GPtrArray *
pli_dns_lists_parse(const char *text, char **ret_error)
{
	g_autoptr(GPtrArray) lists = g_ptr_array_new_with_free_func(list_free);
	g_auto(GStrv) words = g_strsplit(text, " ", -1);

	for (guint i = 0; words[i] != NULL; i++) {
		PliDnsList *list;
		const char *fault;

		if (*words[i] == '\0')
			continue;
		list = g_new0(PliDnsList, 1);
		list->codes = g_array_new(FALSE, FALSE,
					  sizeof(PliDnsListCode));
		g_ptr_array_add(lists, list);
		fault = parse_entry(list, words[i]);
		if (fault == NULL)
			continue;
		*ret_error = g_strdup_printf(
			"`%s` is no ZONE[=CODES][:WEIGHT]: %s", words[i],
			fault);
		return NULL;
	}
	return g_steal_pointer(&lists);
}

static void
format_code(GString *text, const PliDnsListCode *code)
{
	for (guint i = 0; i < 4; i++) {
		if (i > 0)
			g_string_append_c(text, '.');
		if (code->least[i] == 0 && code->most[i] == 255)
			g_string_append_c(text, '*');
		else if (code->least[i] == code->most[i])
			g_string_append_printf(text, "%u", code->least[i]);
		else
			g_string_append_printf(text, "%u-%u", code->least[i],
					       code->most[i]);
	}
}

char *
pli_dns_lists_format(const GPtrArray *lists)
{
	GString *text = g_string_new(NULL);

	for (guint i = 0; i < lists->len; i++) {
		const PliDnsList *list = g_ptr_array_index(lists, i);

		g_string_append_printf(text, "%s%s", i > 0 ? " " : "",
				       list->zone);
		for (guint j = 0; j < list->codes->len; j++) {
			g_string_append_c(text, j == 0 ? '=' : ',');
			format_code(text, &g_array_index(list->codes,
							 PliDnsListCode, j));
		}
		if (list->weight != 1)
			g_string_append_printf(text, ":%u", list->weight);
	}
	return g_string_free(text, FALSE);
}

static void
add_octets(GString *name, const guint8 *octets, guint n)
{
	for (guint i = n; i > 0; i--)
		g_string_append_printf(name, "%u.", octets[i - 1]);
}

static void
add_nibbles(GString *name, const guint8 *octets, guint n)
{
	for (guint i = n; i > 0; i--)
		g_string_append_printf(name, "%x.%x.", octets[i - 1] & 15,
				       octets[i - 1] >> 4);
}

char *
pli_dns_list_make_name(const PliDnsList *list, const char *peer)
{
	g_autoptr(GString) name = g_string_new(NULL);
	struct in6_addr v6;
	struct in_addr v4;

	if (inet_pton(AF_INET, peer, &v4) == 1)
		add_octets(name, (const guint8 *)&v4, sizeof(v4));
	else if (!g_str_has_prefix(peer, IPV6_TAG) ||
		 inet_pton(AF_INET6, peer + strlen(IPV6_TAG), &v6) != 1)
		return NULL;
	else if (IN6_IS_ADDR_V4MAPPED(&v6))
		add_octets(name, v6.s6_addr + 12, 4);
	else
		add_nibbles(name, v6.s6_addr, sizeof(v6.s6_addr));
	g_string_append(name, list->zone);
	if (name->len > NAME_MAX_OCTETS)
		return NULL;
	return g_string_free(g_steal_pointer(&name), FALSE);
}

static gboolean
fits(const PliDnsListCode *code, const guint8 *address)
{
	for (guint i = 0; i < 4; i++)
		if (address[i] < code->least[i] || address[i] > code->most[i])
			return FALSE;
	return TRUE;
}

gboolean
pli_dns_list_has_code(const PliDnsList *list, PliSlice address)
{
	if (address.len != 4)
		return FALSE;
	if (list->codes->len == 0)
		return address.data[0] == 127;
	for (guint i = 0; i < list->codes->len; i++)
		if (fits(&g_array_index(list->codes, PliDnsListCode, i),
			 address.data))
			return TRUE;
	return FALSE;
}

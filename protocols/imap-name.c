/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/imap-name.h"

static const char alphabet[] =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/* What a shifted sequence has given so far. */
typedef struct {
	guint32 bits;
	guint n_bits;
	guint32 high; /* a surrogate that waits for its other half */
	guint n_units;
} Shift;

static gboolean
add_unit(Shift *shift, guint32 unit, GString *out)
{
	guint32 c = unit;

	shift->n_units++;
	if (shift->high != 0) {
		if (unit < 0xdc00 || unit > 0xdfff)
			return FALSE;
		c = 0x10000 + ((shift->high - 0xd800) << 10) + (unit - 0xdc00);
		shift->high = 0;
	} else if (unit >= 0xd800 && unit <= 0xdbff) {
		shift->high = unit;
		return TRUE;
	} else if (unit >= 0xdc00 && unit <= 0xdfff) {
		return FALSE;
	}
	/* Printable US-ASCII stands for itself; controls are no names. */
	if (c < 0xa0)
		return FALSE;
	g_string_append_unichar(out, c);
	return TRUE;
}

/* Octets after "&" up to and with "-"; 0 when they are malformed. */
static gsize
take_shifted(PliSlice in, GString *out)
{
	Shift shift = {0};

	for (gsize i = 0; i < in.len; i++) {
		const char *p;

		if (in.data[i] == '-') {
			if (i == 0)
				g_string_append_c(out, '&');
			else if (shift.high != 0 || shift.n_units == 0 ||
			         shift.n_bits >= 6 || shift.bits != 0)
				return 0;
			return i + 1;
		}
		p = in.data[i] != '\0' ? strchr(alphabet, in.data[i]) : NULL;
		if (p == NULL)
			return 0;
		shift.bits = shift.bits << 6 | (guint32)(p - alphabet);
		shift.n_bits += 6;
		if (shift.n_bits < 16)
			continue;
		shift.n_bits -= 16;
		if (!add_unit(&shift, shift.bits >> shift.n_bits, out))
			return 0;
		shift.bits &= (1u << shift.n_bits) - 1;
	}
	return 0;
}

char *
pli_imap_name_parse(PliSlice wire)
{
	g_autoptr(GString) out = g_string_new(NULL);
	gboolean shifted = FALSE;

	if (wire.len == 0 || wire.len > PLI_IMAP_NAME_OCTETS)
		return NULL;
	if (pli_slice_is(wire, "INBOX"))
		return g_strdup("INBOX");
	for (gsize i = 0; i < wire.len; i++) {
		guint8 c = wire.data[i];
		gsize used;

		if (c < 0x20 || c > 0x7e)
			return NULL;
		if (c != '&') {
			g_string_append_c(out, c);
			shifted = FALSE;
			continue;
		}
		used = take_shifted(pli_slice_skip(wire, i + 1), out);
		/* Two sequences in a row: one name in two spellings. */
		if (used == 0 || (shifted && used > 1))
			return NULL;
		shifted = used > 1;
		i += used;
	}
	return g_strdup(out->str);
}

static void
add_bits(GString *out, Shift *shift, guint32 unit)
{
	shift->bits = shift->bits << 16 | unit;
	shift->n_bits += 16;
	while (shift->n_bits >= 6) {
		shift->n_bits -= 6;
		g_string_append_c(out,
		                  alphabet[shift->bits >> shift->n_bits & 63]);
		shift->bits &= (1u << shift->n_bits) - 1;
	}
}

/* Writes the run of characters beyond US-ASCII at `p`; gives its end. */
static const char *
format_shifted(const char *p, GString *out)
{
	Shift shift = {0};

	g_string_append_c(out, '&');
	for (; (guint8)*p >= 0x80; p = g_utf8_next_char(p)) {
		gunichar c = g_utf8_get_char(p);

		if (c >= 0x10000) {
			add_bits(out, &shift, 0xd800 + ((c - 0x10000) >> 10));
			c = 0xdc00 + ((c - 0x10000) & 0x3ff);
		}
		add_bits(out, &shift, c);
	}
	if (shift.n_bits > 0)
		g_string_append_c(
		        out, alphabet[shift.bits << (6 - shift.n_bits) & 63]);
	g_string_append_c(out, '-');
	return p;
}

static gboolean
is_clean(const char *name)
{
	if (!g_utf8_validate(name, -1, NULL))
		return FALSE;
	for (; *name != '\0'; name = g_utf8_next_char(name))
		if (g_unichar_iscntrl(g_utf8_get_char(name)))
			return FALSE;
	return TRUE;
}

char *
pli_imap_name_format(const char *name)
{
	g_autoptr(GString) out = g_string_new(NULL);

	if (!is_clean(name))
		return NULL;
	while (*name != '\0') {
		if ((guint8)*name >= 0x80) {
			name = format_shifted(name, out);
			continue;
		}
		g_string_append(out, *name == '&' ? "&-" : (char[]){*name, 0});
		name++;
	}
	return g_strdup(out->str);
}

static gboolean
is_same(char a, char b, gboolean fold)
{
	return a == b || (fold && g_ascii_tolower(a) == g_ascii_tolower(b));
}

/* reach[i] says whether the first i octets of the pattern cover what was
 * read of the name; one row of the table at a time. */
gboolean
pli_imap_name_matches(const char *pattern, const char *name, gsize len)
{
	gsize n = strlen(pattern);
	g_autofree guint8 *reach = g_malloc0(n + 1);
	gsize wild = strspn(pattern, "*%");
	gboolean fold;

	fold = len >= 5 && g_ascii_strncasecmp(name, "INBOX", 5) == 0 &&
	       (len == 5 || name[5] == '/');
	memset(reach, 1, wild + 1);
	for (gsize k = 0; k < len; k++) {
		guint8 before = reach[0]; /* reach[i], of the row above */

		reach[0] = 0;
		for (gsize i = 0; i < n; i++) {
			guint8 above = reach[i + 1];

			if (pattern[i] == '*')
				reach[i + 1] = above || reach[i];
			else if (pattern[i] == '%')
				reach[i + 1] = (above && name[k] != '/') ||
				               reach[i];
			else
				reach[i + 1] = before &&
				               is_same(pattern[i], name[k],
				                       fold && k < 5);
			before = above;
		}
	}
	return reach[n] != 0;
}

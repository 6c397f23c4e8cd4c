/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "store/mbox-line-priv.h"

#define QUOTES_MAX 998
#define TOKENS_MAX 64
#define SECONDS_A_DAY 86400

gsize
pli_mbox_line_find_empty(PliSlice octets)
{
	if (octets.len >= 1 && octets.data[0] == '\n')
		return 1;
	if (octets.len >= 2 && octets.data[0] == '\r' && octets.data[1] == '\n')
		return 2;
	return 0;
}

static gboolean
starts_with_from(PliSlice octets)
{
	return octets.len >= 5 && memcmp(octets.data, "From ", 5) == 0;
}

/* Position in `names`, three letters each, or -1. */
static int
find_name(PliSlice token, const char *names)
{
	guint i;

	if (token.len > 3 && token.data[token.len - 1] == ',')
		token.len--;
	if (token.len != 3)
		return -1;
	for (i = 0; names[i * 3] != '\0'; i++)
		if (g_ascii_strncasecmp((const char *)token.data, names + i * 3,
					3) == 0)
			return (int)i;
	return -1;
}

/* A number of `min` to `max` digits, or -1. */
static int
read_number(PliSlice token, gsize min, gsize max)
{
	int value = 0;
	gsize i;

	if (token.len < min || token.len > max)
		return -1;
	for (i = 0; i < token.len; i++) {
		if (!g_ascii_isdigit(token.data[i]))
			return -1;
		value = value * 10 + token.data[i] - '0';
	}
	return value;
}

/* "HH:MM" or "HH:MM:SS" as seconds, or -1. */
static int
read_time(PliSlice token)
{
	int hour, minute, second = 0;

	if (token.len == 7 && token.data[1] == ':') { /* H:MM:SS */
		hour = read_number(pli_slice_new(token.data, 1), 1, 1);
		token = pli_slice_skip(token, 2);
	} else if (token.len >= 5 && token.data[2] == ':') {
		hour = read_number(pli_slice_new(token.data, 2), 2, 2);
		token = pli_slice_skip(token, 3);
	} else {
		return -1;
	}
	minute = read_number(pli_slice_new(token.data, 2), 2, 2);
	if (token.len != 2) {
		if (token.len != 5 || token.data[2] != ':')
			return -1;
		second = read_number(pli_slice_skip(token, 3), 2, 2);
	}
	if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 ||
	    second > 60)
		return -1;
	return (hour * 60 + minute) * 60 + second;
}

/* "+0100" as seconds; FALSE for any other token. */
static gboolean
read_zone(PliSlice token, int *ret_seconds)
{
	int value;

	if (token.len != 5 || (token.data[0] != '+' && token.data[0] != '-'))
		return FALSE;
	value = read_number(pli_slice_skip(token, 1), 4, 4);
	if (value < 0)
		return FALSE;
	value = (value / 100 * 60 + value % 100) * 60;
	*ret_seconds = token.data[0] == '-' ? -value : value;
	return TRUE;
}

/* Days from 1970-01-01; month from 0. */
static gint64
days_of(int year, int month, int day)
{
	static const int before[] = {0,	  31,  59,  90,	 120, 151,
				     181, 212, 243, 273, 304, 334};
	int y = year - (month < 2 ? 1 : 0);
	int leaps = y / 4 - y / 100 + y / 400 -
		    (1969 / 4 - 1969 / 100 + 1969 / 400);

	return (gint64)(year - 1970) * 365 + leaps + before[month] + day - 1;
}

/* Day, month and year of the tokens after a day name, in the order of
 * asctime() or of RFC 5322. */
static gboolean
read_date(const PliSlice *tokens, guint n, gint64 *ret_date)
{
	static const char months[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	int month, day, seconds, zone = 0, year = -1;
	guint at, i;

	if (n < 4)
		return FALSE;
	month = find_name(tokens[0], months);
	day = read_number(tokens[month < 0 ? 0 : 1], 1, 2);
	if (month < 0)
		month = find_name(tokens[1], months);
	at = 2;
	if (read_number(tokens[at], 4, 4) >= 0)
		year = read_number(tokens[at++], 4, 4);
	if (month < 0 || day < 1 || day > 31 || at >= n)
		return FALSE;
	seconds = read_time(tokens[at++]);
	if (seconds < 0)
		return FALSE;
	/* a zone before or after the year, or none */
	for (i = at; i < n && i < at + 3; i++) {
		if (!read_zone(tokens[i], &zone) && year < 0)
			year = read_number(tokens[i], 4, 4);
	}
	if (year < 1900)
		return FALSE;
	*ret_date = days_of(year, month, day) * SECONDS_A_DAY + seconds - zone;
	return TRUE;
}

static guint
split(PliSlice line, PliSlice *tokens)
{
	guint n = 0;
	gsize i = 0;

	while (i < line.len && n < TOKENS_MAX) {
		gsize start;

		while (i < line.len && strchr(" \t\r\n", line.data[i]) != NULL)
			i++;
		start = i;
		while (i < line.len &&
		       (line.data[i] == '\0' ||
			strchr(" \t\r\n", line.data[i]) == NULL))
			i++;
		if (i > start)
			tokens[n++] =
				pli_slice_new(line.data + start, i - start);
	}
	return n;
}

/* Neither sender nor date: Netscape's "From - ", Thunderbird's "From ". */
static gboolean
is_bare(const PliSlice *tokens, guint n)
{
	return n == 0 || (n == 1 && pli_slice_is(tokens[0], "-"));
}

gsize
pli_mbox_line_find_from(PliSlice octets, gint64 *ret_date)
{
	static const char days[] = "MonTueWedThuFriSatSun";
	PliSlice tokens[TOKENS_MAX];
	const guint8 *end;
	guint n, i;

	if (!starts_with_from(octets))
		return 0;
	end = memchr(octets.data, '\n', MIN(octets.len, PLI_MBOX_LINE_MAX));
	if (end == NULL && octets.len > PLI_MBOX_LINE_MAX)
		return 0;
	if (end != NULL)
		octets.len = (gsize)(end - octets.data) + 1;
	n = split(pli_slice_skip(octets, 5), tokens);
	if (is_bare(tokens, n)) {
		*ret_date = 0;
		return octets.len;
	}
	for (i = 0; i < n; i++) {
		if (find_name(tokens[i], days) >= 0 &&
		    read_date(tokens + i + 1, n - i - 1, ret_date))
			return octets.len;
	}
	return 0;
}

/* "Name:", as RFC 5322 2.2 has it, with blanks before the colon or none. */
static gboolean
starts_with_field(PliSlice octets)
{
	const gsize max = MIN(octets.len, PLI_MBOX_NAME_MAX);
	gsize n = 0, end;

	while (n < max && octets.data[n] > ' ' && octets.data[n] < 127 &&
	       octets.data[n] != ':')
		n++;
	for (end = n; end < max &&
		      (octets.data[end] == ' ' || octets.data[end] == '\t');)
		end++;
	return n > 0 && end < max && octets.data[end] == ':';
}

gboolean
pli_mbox_line_is_start(PliSlice octets)
{
	gint64 date = 0;
	const gsize n = pli_mbox_line_find_from(octets, &date);

	return n > 0 &&
	       (date != 0 || pli_slice_is(pli_slice_trim(pli_slice_new(
						  octets.data, n)),
					  "From -")) &&
	       starts_with_field(pli_slice_skip(octets, n));
}

gboolean
pli_mbox_line_is_quoted(PliSlice octets, PliMboxFormat format)
{
	gsize n = 0;

	if (octets.len == 0 || octets.data[0] != '>' || format == PLI_MBOX_CL2)
		return FALSE;
	while (n < octets.len && n <= QUOTES_MAX && octets.data[n] == '>')
		n++;
	if (n > QUOTES_MAX || !starts_with_from(pli_slice_skip(octets, n)))
		return FALSE;
	return n == 1 || format == PLI_MBOX_RD;
}

gboolean
pli_mbox_line_find_length(PliSlice octets, guint64 *ret_length)
{
	static const char name[] = "Content-Length";
	gsize line = MIN(octets.len, PLI_MBOX_LINE_MAX);
	const guint8 *end = line > 0 ? memchr(octets.data, '\n', line) : NULL;
	PliSlice value;
	guint64 length = 0;
	gsize i;

	if (end == NULL || octets.len < sizeof name ||
	    g_ascii_strncasecmp((const char *)octets.data, name,
				sizeof name - 1) != 0)
		return FALSE;
	octets.len = (gsize)(end - octets.data);
	if (octets.len < sizeof name)
		return FALSE;
	value = pli_slice_trim(pli_slice_skip(octets, sizeof name - 1));
	if (value.len == 0 || value.data[0] != ':')
		return FALSE;
	value = pli_slice_trim(pli_slice_skip(value, 1));
	if (value.len == 0 || value.len > 18)
		return FALSE;
	for (i = 0; i < value.len; i++) {
		if (!g_ascii_isdigit(value.data[i]))
			return FALSE;
		length = length * 10 + (guint64)(value.data[i] - '0');
	}
	*ret_length = length;
	return TRUE;
}

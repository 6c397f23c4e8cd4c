/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/date.h"

#define SECONDS_A_DAY 86400

static const char *const month_names[] = {
	"Jan", "Feb", "Mar", "Apr", "May", "Jun",
	"Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
};

static const char *const day_names[] = {
	"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat",
};

/* RFC 5322 4.3 (N_RFC_ZONES of them), and names that are common and mean one
 * thing. */
#define N_RFC_ZONES 12
static const struct {
	const char *name;
	gint minutes;
} zones[] = {
	{"UT", 0},	{"GMT", 0},	{"UTC", 0},    {"Z", 0},
	{"EST", -300},	{"EDT", -240},	{"CST", -360}, {"CDT", -300},
	{"MST", -420},	{"MDT", -360},	{"PST", -480}, {"PDT", -420},
	{"AKST", -540}, {"AKDT", -480}, {"HST", -600}, {"WET", 0},
	{"WEST", 60},	{"CET", 60},	{"CEST", 120}, {"MET", 60},
	{"MEST", 120},	{"EET", 120},	{"EEST", 180}, {"MSK", 180},
	{"JST", 540},	{"KST", 540},	{"AEST", 600}, {"AEDT", 660},
	{"NZST", 720},	{"NZDT", 780},
};

/* What was read so far; -1 is "not yet". */
typedef struct {
	PliSlice rest;
	gint day, month, year;
	gint hour, minute, second;
	gint zone;
	gint weekday;
	gboolean has_zone;
	gboolean is_bad;
	gboolean is_odd; /* a date, but not as RFC 5322 writes one */
} DateReader;

static gint64
days_before_year(gint64 year)
{
	gint64 y = year - 1;

	return y * 365 + y / 4 - y / 100 + y / 400;
}

static gboolean
is_leap(gint64 year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static gint
days_in_month(gint64 year, gint month)
{
	static const guint8 days[] = {31, 28, 31, 30, 31, 30,
				      31, 31, 30, 31, 30, 31};

	return days[month] + (month == 1 && is_leap(year));
}

/* Days since 1970-01-01; month from 0, year from 1 on. */
static gint64
days_of(gint64 year, gint month, gint day)
{
	gint64 days = days_before_year(year) - days_before_year(1970);

	for (gint m = 0; m < month; m++)
		days += days_in_month(year, m);
	return days + day - 1;
}

static guint8
peek(const DateReader *reader)
{
	return reader->rest.len > 0 ? reader->rest.data[0] : 0;
}

static void
skip(DateReader *reader)
{
	reader->rest = pli_slice_skip(reader->rest, 1);
}

static void
skip_comment(DateReader *reader)
{
	gsize depth = 0;

	do {
		guint8 c = peek(reader);

		skip(reader);
		if (c == '\\' && reader->rest.len > 0)
			skip(reader);
		else if (c == '(')
			depth++;
		else if (c == ')')
			depth--;
	} while (depth > 0 && reader->rest.len > 0);
}

static void
skip_gap(DateReader *reader)
{
	while (reader->rest.len > 0) {
		if (peek(reader) == '(')
			skip_comment(reader);
		else if (g_ascii_isspace(peek(reader)))
			skip(reader);
		else
			break;
	}
}

/* Digits at the front, at most nine of them looked at; how many there were. */
static gsize
take_number(DateReader *reader, gint *ret_number)
{
	gsize n = 0;
	gint number = 0;

	while (g_ascii_isdigit(peek(reader))) {
		if (n++ < 9)
			number = number * 10 + (peek(reader) - '0');
		skip(reader);
	}
	*ret_number = number;
	return n;
}

/* RFC 5322 4.3: two and three digits. */
static gint
widen_year(gint year, gsize n_digits)
{
	if (n_digits == 2)
		return year < 50 ? year + 2000 : year + 1900;
	if (n_digits == 3)
		return year + 1900;
	return year;
}

static void
set_once(DateReader *reader, gint *field, gint value)
{
	if (*field >= 0)
		reader->is_bad = TRUE;
	else
		*field = value;
}

static void
take_time(DateReader *reader, gint hour)
{
	gint minute = 0, second = 0, fraction;

	set_once(reader, &reader->hour, hour);
	skip(reader);
	skip_gap(reader);
	if (take_number(reader, &minute) == 0)
		reader->is_bad = TRUE;
	skip_gap(reader);
	if (peek(reader) == ':') {
		skip(reader);
		skip_gap(reader);
		if (take_number(reader, &second) == 0)
			reader->is_bad = TRUE;
	}
	if (peek(reader) == '.') {
		reader->is_odd = TRUE;
		skip(reader);
		take_number(reader, &fraction);
	}
	reader->minute = minute;
	reader->second = second;
}

/* "-11-23" after the year of ISO 8601. */
static void
take_iso_rest(DateReader *reader)
{
	gint month, day;

	reader->is_odd = TRUE;
	skip(reader);
	if (take_number(reader, &month) == 0 || month < 1 || month > 12) {
		reader->is_bad = TRUE;
		return;
	}
	set_once(reader, &reader->month, month - 1);
	if (peek(reader) != '-') {
		reader->is_bad = TRUE;
		return;
	}
	skip(reader);
	if (take_number(reader, &day) == 0)
		reader->is_bad = TRUE;
	set_once(reader, &reader->day, day);
	if (g_ascii_tolower(peek(reader)) == 't')
		skip(reader);
}

static void
read_number(DateReader *reader)
{
	gint number;
	gsize n = take_number(reader, &number);

	/* RFC 5322 4.3: blanks and comments around the colons. */
	if (n <= 2)
		skip_gap(reader);
	if (peek(reader) == ':') {
		take_time(reader, number);
	} else if (n == 4 && peek(reader) == '-' && reader->rest.len > 1 &&
		   g_ascii_isdigit(reader->rest.data[1]) && reader->month < 0) {
		set_once(reader, &reader->year, number);
		take_iso_rest(reader);
	} else if (n <= 2 && reader->day < 0) {
		reader->day = number;
	} else if (n >= 2 && n <= 4) {
		set_once(reader, &reader->year, widen_year(number, n));
	} else {
		reader->is_bad = TRUE;
	}
}

static void
read_zone_offset(DateReader *reader)
{
	const gboolean is_west = peek(reader) == '-';
	gint number, minutes;
	gsize n;

	skip(reader);
	n = take_number(reader, &number);
	reader->is_odd |= n != 4 || reader->has_zone;
	if (n <= 2 && peek(reader) == ':') {
		number *= 100;
		skip(reader);
		take_number(reader, &minutes);
		number += minutes;
	} else if (n <= 2) {
		number *= 100;
	}
	/* Out of range says nothing about where: read as -0000. */
	if (n == 0 || n > 4 || number % 100 > 59 || number / 100 > 23) {
		reader->is_odd = TRUE;
		number = 0;
	}
	minutes = number / 100 * 60 + number % 100;
	reader->zone = is_west ? -minutes : minutes;
	reader->has_zone = TRUE;
}

static void
read_noon(DateReader *reader, gboolean is_afternoon)
{
	reader->is_odd = TRUE;
	if (reader->hour < 1 || reader->hour > 12)
		reader->is_bad = TRUE;
	else
		reader->hour = reader->hour % 12 + (is_afternoon ? 12 : 0);
}

/* The number of a name by its first three letters, or -1. */
static gint
find_name(PliSlice word, const char *const *names, gint n)
{
	for (gint i = 0; word.len >= 3 && i < n; i++)
		if (g_ascii_strncasecmp((const char *)word.data, names[i], 3) ==
		    0)
			return i;
	return -1;
}

static void
read_zone_name(DateReader *reader, PliSlice word)
{
	for (gsize i = 0; i < G_N_ELEMENTS(zones) && !reader->has_zone; i++)
		if (pli_slice_is(word, zones[i].name)) {
			reader->zone = zones[i].minutes;
			reader->has_zone = TRUE;
			reader->is_odd |= i >= N_RFC_ZONES;
			return;
		}
	/* RFC 5322 4.3: a military zone says nothing. */
	if (reader->has_zone || word.len != 1)
		reader->is_odd = TRUE;
	else
		reader->has_zone = TRUE;
}

static void
read_word(DateReader *reader)
{
	PliSlice word = reader->rest;

	word.len = 0;
	while (g_ascii_isalpha(peek(reader))) {
		skip(reader);
		word.len++;
	}
	if (reader->month < 0) {
		reader->month = find_name(word, month_names, 12);
		if (reader->month >= 0) {
			reader->is_odd |= word.len > 3 || reader->day < 0;
			return;
		}
	}
	if (reader->hour < 0) {
		reader->is_odd |= word.len != 3 || reader->weekday >= 0 ||
				  reader->day >= 0;
		reader->weekday = find_name(word, day_names, 7);
		return;
	}
	if (pli_slice_is(word, "am") || pli_slice_is(word, "pm"))
		read_noon(reader, (word.data[0] | 0x20) == 'p');
	else
		read_zone_name(reader, word);
}

static gboolean
is_date(const DateReader *reader)
{
	return !reader->is_bad && reader->year >= 1 && reader->month >= 0 &&
	       reader->day >= 1 &&
	       reader->day <= days_in_month(reader->year, reader->month) &&
	       reader->hour <= 23 && reader->minute <= 59 &&
	       reader->second <= 60;
}

/* FALSE when it is no date. */
static gboolean
read_date(PliSlice value, DateReader *ret_reader)
{
	DateReader reader = {.rest = value,
			     .day = -1,
			     .month = -1,
			     .year = -1,
			     .hour = -1,
			     .weekday = -1};

	while (reader.rest.len > 0 && !reader.is_bad) {
		guint8 c = peek(&reader);

		if (c == '(' || g_ascii_isspace(c)) {
			skip_gap(&reader);
		} else if (g_ascii_isdigit(c)) {
			read_number(&reader);
		} else if (g_ascii_isalpha(c)) {
			read_word(&reader);
		} else if ((c == '+' || c == '-') && reader.hour >= 0) {
			read_zone_offset(&reader);
		} else {
			reader.is_odd |= c != ',';
			skip(&reader);
		}
	}
	*ret_reader = reader;
	return is_date(&reader);
}

gboolean
pli_date_is_regular(PliSlice value)
{
	DateReader reader;
	gint64 days;

	if (!read_date(value, &reader) || reader.is_odd || !reader.has_zone ||
	    reader.hour < 0)
		return FALSE;
	days = days_of(reader.year, reader.month, reader.day);
	/* 1970-01-01 was a Thursday */
	return reader.weekday < 0 || ((days + 4) % 7 + 7) % 7 == reader.weekday;
}

gboolean
pli_date_parse(PliSlice value, gint64 *ret_seconds, gint *ret_zone)
{
	DateReader reader;
	gint64 seconds;

	if (!read_date(value, &reader))
		return FALSE;
	seconds =
		days_of(reader.year, reader.month, reader.day) * SECONDS_A_DAY;
	if (reader.hour >= 0)
		seconds +=
			reader.hour * 3600 + reader.minute * 60 + reader.second;
	*ret_seconds = seconds - reader.zone * 60;
	*ret_zone = reader.zone;
	return TRUE;
}

typedef struct {
	gint64 year;
	gint month, day, weekday, hour, minute, second;
	gint zone; /* as it was used, in minutes east */
	char sign;
} Civil;

/* What four digits of year can show is kept, the rest goes to its edge. */
static Civil
civil_of(gint64 seconds, gint zone)
{
	const gint64 first = days_of(1, 0, 1) * SECONDS_A_DAY;
	const gint64 last = days_of(10000, 0, 1) * SECONDS_A_DAY - 1;
	Civil c = {.zone = CLAMP(zone, -5999, 5999)};
	gint64 local, days, rest;

	local = CLAMP(seconds, first, last) + c.zone * 60;
	local = CLAMP(local, first, last);
	days = (local - first) / SECONDS_A_DAY; /* since 0001-01-01, a Monday */
	rest = (local - first) % SECONDS_A_DAY;
	c.weekday = (days + 1) % 7;
	c.year = days / 366 + 1;
	while (days_before_year(c.year + 1) <= days)
		c.year++;
	days -= days_before_year(c.year);
	while (days >= days_in_month(c.year, c.month))
		days -= days_in_month(c.year, c.month++);
	c.day = days + 1;
	c.hour = rest / 3600;
	c.minute = rest / 60 % 60;
	c.second = rest % 60;
	c.sign = c.zone < 0 ? '-' : '+';
	c.zone = ABS(c.zone);
	return c;
}

void
pli_date_format(gint64 seconds, gint zone, char ret_text[40])
{
	const Civil c = civil_of(seconds, zone);

	g_snprintf(ret_text, 40, "%s, %02d %s %04d %02d:%02d:%02d %c%02d%02d",
		   day_names[c.weekday], c.day, month_names[c.month],
		   (gint)c.year, c.hour, c.minute, c.second, c.sign,
		   c.zone / 60, c.zone % 60);
}

void
pli_date_format_imap(gint64 seconds, gint zone, char ret_text[40])
{
	const Civil c = civil_of(seconds, zone);

	/* date-day-fixed: a blank fills in for the tens (RFC 9051 9). */
	g_snprintf(ret_text, 40, "%2d-%s-%04d %02d:%02d:%02d %c%02d%02d", c.day,
		   month_names[c.month], (gint)c.year, c.hour, c.minute,
		   c.second, c.sign, c.zone / 60, c.zone % 60);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "engine/header-writer-priv.h"

#include "engine/address-input-priv.h"

#define ONE_BLANK PLI_SLICE_LITERAL(" ")

static void G_GNUC_PRINTF(3, 4)
fail_address(PliHeaderWriter *writer, const PliAddress *address,
	     const char *format, ...)
{
	g_autofree char *local = pli_header_writer_escape(address->local);
	g_autofree char *domain = pli_header_writer_escape(address->domain);
	g_autofree char *what = NULL;
	va_list args;

	va_start(args, format);
	what = g_strdup_vprintf(format, args);
	va_end(args);
	pli_header_writer_fail(writer, PLI_HEADER_WRITER_ERROR_ADDRESS,
			       "<%s@%s> %s", local, domain, what);
}

/* RFC 5322 3.2.3 atext; over 127 by RFC 6532 3.2. */
static gboolean
is_atext(guint8 octet)
{
	return octet > ' ' && octet != 127 &&
	       (octet > 127 || pli_address_is_atom_octet(octet));
}

/* RFC 5322 3.4.1: a dot-atom, or a literal. */
static gboolean
is_domain(PliSlice domain)
{
	guint8 last = '.';

	if (domain.len > 2 && domain.data[0] == '[' &&
	    domain.data[domain.len - 1] == ']') {
		for (gsize i = 1; i < domain.len - 1; i++)
			if (domain.data[i] <= ' ' || domain.data[i] >= 127 ||
			    strchr("[]\\", domain.data[i]) != NULL)
				return FALSE;
		return TRUE;
	}
	for (gsize i = 0; i < domain.len; i++) {
		const guint8 octet = domain.data[i];

		if (octet == '.' ? last == '.' : !is_atext(octet))
			return FALSE;
		last = octet;
	}
	return last != '.';
}

static gboolean
check_mailbox(PliHeaderWriter *writer, const PliAddress *address)
{
	const PliSlice local = address->local, domain = address->domain;

	if (!pli_header_writer_check(writer, local, "a local part") ||
	    !pli_header_writer_check(writer, domain, "a domain"))
		return FALSE;
	if (local.len == 0 || !is_domain(domain))
		fail_address(writer, address, "is no address");
	else if (memchr(local.data, '\t', local.len) != NULL)
		fail_address(writer, address, "has a tab in it");
	else if (address->route.len > 0)
		fail_address(writer, address, "has a route");
	else if (!(writer->flags & PLI_HEADER_WRITER_UTF8) &&
		 (pli_header_writer_has_8bit(local) ||
		  pli_header_writer_has_8bit(domain)))
		fail_address(writer, address, "cannot be written without "
					      "SMTPUTF8");
	return writer->error == NULL;
}

/* ---- phrases ---- */

/* What a phrase can be written as, and read back the same by all. */
typedef enum { PHRASE_ATOMS, PHRASE_QUOTED, PHRASE_WORDS } PhraseForm;

static PhraseForm
choose_form(const PliHeaderWriter *writer, PliSlice phrase)
{
	PhraseForm form = PHRASE_ATOMS;
	gsize word = 0;

	if (pli_header_writer_has_word(phrase) ||
	    (pli_header_writer_has_8bit(phrase) &&
	     !(writer->flags & PLI_HEADER_WRITER_UTF8)))
		return PHRASE_WORDS;
	for (gsize i = 0; i < phrase.len; i++) {
		const guint8 octet = phrase.data[i];

		/* Some readers make one blank of several. */
		if (octet == '\t' ||
		    (octet == ' ' && (i == 0 || i + 1 == phrase.len ||
				      phrase.data[i - 1] == ' ')))
			return PHRASE_WORDS;
		word = octet == ' ' ? 0 : word + 1;
		if (word > PLI_HEADER_WRITER_TOKEN_MAX / 2)
			return PHRASE_WORDS;
		if (octet != ' ' && !is_atext(octet))
			form = PHRASE_QUOTED;
	}
	return form;
}

static PliSlice
quote(PliSlice phrase, PliBuf *out)
{
	pli_buf_append_octet(out, '"');
	for (gsize i = 0; i < phrase.len; i++) {
		if (phrase.data[i] == '"' || phrase.data[i] == '\\')
			pli_buf_append_octet(out, '\\');
		pli_buf_append_octet(out, phrase.data[i]);
	}
	pli_buf_append_octet(out, '"');
	return pli_buf_slice(out);
}

/* Blanks are single ones, and not at the ends. */
static void
put_pieces(PliHeaderWriter *writer, PliSlice text, const char *suffix)
{
	while (text.len > 0) {
		const gsize n = pli_header_writer_count_word(text, 0);
		const gboolean is_last = n == text.len;
		g_auto(PliBuf) piece = {0};

		pli_buf_init(&piece, G_MAXSSIZE);
		pli_buf_append(&piece, text.data, n);
		if (is_last)
			pli_buf_append_string(&piece, suffix);
		pli_header_writer_put(writer, ONE_BLANK,
				      pli_buf_slice(&piece));
		text = pli_slice_skip(text, is_last ? n : n + 1);
	}
}

static void
put_phrase(PliHeaderWriter *writer, PliSlice phrase, const char *suffix)
{
	g_auto(PliBuf) quoted = {0};

	switch (choose_form(writer, phrase)) {
	case PHRASE_ATOMS: put_pieces(writer, phrase, suffix); break;
	case PHRASE_QUOTED:
		pli_buf_init(&quoted, G_MAXSSIZE);
		put_pieces(writer, quote(phrase, &quoted), suffix);
		break;
	case PHRASE_WORDS:
		pli_header_writer_put_words(writer, ONE_BLANK, phrase, TRUE,
					    suffix);
		break;
	}
}

/* ---- addresses ---- */

static void
put_mailbox(PliHeaderWriter *writer, const PliAddress *address,
	    const char *suffix)
{
	const PliAddress bare = {.local = address->local,
				 .domain = address->domain};
	const gboolean has_name = address->name.len > 0;
	g_auto(PliBuf) piece = {0};

	if (!check_mailbox(writer, address))
		return;
	if (has_name)
		put_phrase(writer, address->name, "");
	pli_buf_init(&piece, G_MAXSSIZE);
	if (has_name)
		pli_buf_append_octet(&piece, '<');
	(void)pli_address_format(&bare, &piece);
	if (has_name)
		pli_buf_append_octet(&piece, '>');
	pli_buf_append_string(&piece, suffix);
	pli_header_writer_put(writer, ONE_BLANK, pli_buf_slice(&piece));
}

/* What separates element `i` from what follows it, ends of groups included. */
static const char *
get_suffix(const PliAddress *addresses, gsize n, gsize i)
{
	const gboolean begins = addresses[i].kind == PLI_ADDRESS_GROUP_BEGIN;
	const gboolean ends = i + 1 < n &&
			      addresses[i + 1].kind == PLI_ADDRESS_GROUP_END;
	const gboolean goes_on = ends ? i + 2 < n : i + 1 < n;

	if (begins)
		return !ends ? ":" : goes_on ? ":;," : ":;";
	return ends ? (goes_on ? ";," : ";") : goes_on ? "," : "";
}

/* Groups open and close in turn, and have names. */
static gboolean
check_groups(PliHeaderWriter *writer, const PliAddress *addresses, gsize n)
{
	gboolean is_open = FALSE, is_right = n > 0;

	for (gsize i = 0; i < n; i++)
		switch (addresses[i].kind) {
		case PLI_ADDRESS_GROUP_BEGIN:
			is_right &= !is_open && addresses[i].name.len > 0;
			is_open = TRUE;
			break;
		case PLI_ADDRESS_GROUP_END:
			is_right &= is_open;
			is_open = FALSE;
			break;
		default: break;
		}
	if (is_right && !is_open)
		return TRUE;
	pli_header_writer_fail(writer, PLI_HEADER_WRITER_ERROR_VALUE,
			       "this is no list of addresses");
	return FALSE;
}

gboolean
pli_header_writer_add_addresses(PliBuf *out, PliHeaderWriterFlags flags,
				const char *name, const PliAddress *addresses,
				gsize n, GError **error)
{
	PliHeaderWriter writer;

	pli_header_writer_begin(&writer, out, flags, name);
	if (!check_groups(&writer, addresses, n))
		n = 0;
	for (gsize i = 0; i < n && writer.error == NULL; i++) {
		const char *suffix = get_suffix(addresses, n, i);

		if (addresses[i].kind == PLI_ADDRESS_GROUP_END ||
		    !pli_header_writer_check(&writer, addresses[i].name,
					     "a name"))
			continue;
		if (addresses[i].kind == PLI_ADDRESS_GROUP_BEGIN)
			put_phrase(&writer, addresses[i].name, suffix);
		else
			put_mailbox(&writer, &addresses[i], suffix);
	}
	return pli_header_writer_finish(&writer, error);
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "protocols/smtp-path.h"

#include "engine/utf8.h"
#include "protocols/ip-address.h"

#define LABEL_MAX 63

/* The pieces of a path, all inside the octets that are read. */
typedef struct {
	PliSlice whole;	  /* with its brackets */
	PliSlice mailbox; /* without brackets and route */
	PliSlice local;	  /* as written */
	PliSlice domain;
	gboolean is_quoted;
	gboolean is_literal;
} PathPieces;

static gboolean
is_atext(guint8 octet)
{
	return octet >= 0x80 || g_ascii_isalnum(octet) ||
	       (octet != 0 && strchr("!#$%&'*+-/=?^_`{|}~", octet) != NULL);
}

/* A U-label (RFC 5890 2.3.2.1) as far as its octets tell, too. */
static gboolean
is_label(PliSlice s)
{
	if (s.len == 0 || s.len > LABEL_MAX)
		return FALSE;
	if (s.data[0] == '-' || s.data[s.len - 1] == '-')
		return FALSE;
	for (gsize i = 0; i < s.len; i++)
		if (s.data[i] < 0x80 && !g_ascii_isalnum(s.data[i]) &&
		    s.data[i] != '-')
			return FALSE;
	return TRUE;
}

/* What stands before the first `octet`; *rest begins after it. Without one,
 * all of it, and *rest has no data. */
static PliSlice
cut(PliSlice *rest, guint8 octet)
{
	PliSlice head = *rest;
	const guint8 *at =
		head.len > 0 ? memchr(head.data, octet, head.len) : NULL;

	if (at == NULL) {
		*rest = PLI_SLICE_NONE;
		return head;
	}
	head.len = at - head.data;
	*rest = pli_slice_skip(*rest, head.len + 1);
	return head;
}

static gboolean
is_any_domain(PliSlice s)
{
	if (s.len == 0 || s.len > PLI_SMTP_PATH_DOMAIN_MAX)
		return FALSE;
	do {
		if (!is_label(cut(&s, '.')))
			return FALSE;
	} while (s.data != NULL);
	return TRUE;
}

gboolean
pli_smtp_path_is_domain(PliSlice s)
{
	return pli_utf8_is_ascii(s) && is_any_domain(s);
}

gboolean
pli_smtp_path_is_literal(PliSlice s)
{
	PliSlice inner;

	if (s.len < 2 || s.data[0] != '[' || s.data[s.len - 1] != ']')
		return FALSE;
	inner = pli_slice_new(s.data + 1, s.len - 2);
	if (inner.len > 5 &&
	    pli_slice_is(pli_slice_new(inner.data, 5), "IPv6:"))
		return pli_ip_address_is_v6(pli_slice_skip(inner, 5));
	return pli_ip_address_is_v4(inner);
}

/* Finds the '>' that is not quoted. */
static PliSmtpPathResult
find_end(PliSlice in, PliSlice *ret_whole)
{
	gboolean quoted = FALSE;

	if (in.len == 0 || in.data[0] != '<')
		return PLI_SMTP_PATH_NO_BRACKETS;
	for (gsize i = 1; i < in.len; i++) {
		if (in.data[i] == '"') {
			quoted = !quoted;
		} else if (in.data[i] == '\\' && quoted) {
			i++;
		} else if (in.data[i] == '>' && !quoted) {
			*ret_whole = pli_slice_new(in.data, i + 1);
			return PLI_SMTP_PATH_OK;
		}
	}
	return quoted ? PLI_SMTP_PATH_BAD_LOCAL : PLI_SMTP_PATH_NO_BRACKETS;
}

/* A-d-l ":"; *rest is set to what follows. */
static PliSmtpPathResult
take_route(PliSlice *rest)
{
	PliSlice route;

	if (rest->len == 0 || rest->data[0] != '@')
		return PLI_SMTP_PATH_OK;
	route = cut(rest, ':');
	if (rest->data == NULL)
		return PLI_SMTP_PATH_BAD_ROUTE;
	do {
		PliSlice hop = cut(&route, ',');

		if (hop.len == 0 || hop.data[0] != '@' ||
		    !is_any_domain(pli_slice_skip(hop, 1)))
			return PLI_SMTP_PATH_BAD_ROUTE;
	} while (route.data != NULL);
	return PLI_SMTP_PATH_OK;
}

/* Octets of the Quoted-string that `s` begins with, 0 when it is not one. */
static gsize
quoted_length(PliSlice s)
{
	for (gsize i = 1; i < s.len; i++) {
		if (s.data[i] == '"')
			return i + 1;
		if (s.data[i] == '\\')
			i++;
		if (i < s.len && (s.data[i] < 32 || s.data[i] == 127))
			return 0;
	}
	return 0;
}

/* Octets of the Dot-string that `s` begins with, 0 when it is not one. */
static gsize
dot_string_length(PliSlice s)
{
	gsize n = 0;

	while (n < s.len &&
	       (is_atext(s.data[n]) ||
		(s.data[n] == '.' && n > 0 && s.data[n - 1] != '.')))
		n++;
	return n > 0 && s.data[n - 1] == '.' ? 0 : n;
}

static PliSmtpPathResult
read_local(PathPieces *pieces)
{
	PliSlice mailbox = pieces->mailbox;
	gsize n;

	pieces->is_quoted = mailbox.len > 0 && mailbox.data[0] == '"';
	n = pieces->is_quoted ? quoted_length(mailbox)
			      : dot_string_length(mailbox);
	if (n == 0 || (n < mailbox.len && mailbox.data[n] != '@'))
		return PLI_SMTP_PATH_BAD_LOCAL;
	if (n > PLI_SMTP_PATH_LOCAL_MAX)
		return PLI_SMTP_PATH_LONG_LOCAL;
	pieces->local = pli_slice_new(mailbox.data, n);
	pieces->domain = n < mailbox.len ? pli_slice_skip(mailbox, n + 1)
					 : PLI_SLICE_NONE;
	return PLI_SMTP_PATH_OK;
}

static PliSmtpPathResult
check_domain(PathPieces *pieces, PliSmtpPathFlags flags)
{
	PliSlice domain = pieces->domain;

	if (domain.data == NULL) {
		gboolean postmaster = pli_slice_is(pieces->local, "postmaster");

		return (flags & PLI_SMTP_PATH_BARE) ||
				       (postmaster &&
					(flags & PLI_SMTP_PATH_POSTMASTER))
			       ? PLI_SMTP_PATH_OK
			       : PLI_SMTP_PATH_NO_DOMAIN;
	}
	if (domain.len > PLI_SMTP_PATH_DOMAIN_MAX)
		return PLI_SMTP_PATH_LONG_DOMAIN;
	pieces->is_literal = domain.len > 0 && domain.data[0] == '[';
	if (pieces->is_literal)
		return pli_smtp_path_is_literal(domain)
			       ? PLI_SMTP_PATH_OK
			       : PLI_SMTP_PATH_BAD_LITERAL;
	return is_any_domain(domain) ? PLI_SMTP_PATH_OK
				     : PLI_SMTP_PATH_BAD_DOMAIN;
}

static char *
put(char **at, PliSlice s)
{
	char *string = *at;

	if (s.len > 0)
		memcpy(string, s.data, s.len);
	string[s.len] = '\0';
	*at += s.len + 1;
	return string;
}

static char *
put_unquoted(char **at, PliSlice s)
{
	char *string = *at;
	char *end = string;

	for (gsize i = 1; i + 1 < s.len; i++) {
		if (s.data[i] == '\\')
			i++;
		*end++ = (char)s.data[i];
	}
	*end = '\0';
	*at = end + 1;
	return string;
}

static PliSmtpPath *
path_new(const PathPieces *pieces)
{
	gsize octets = pieces->whole.len + pieces->mailbox.len +
		       pieces->local.len + pieces->domain.len + 4;
	PliSmtpPath *path = g_malloc(sizeof(*path) + octets);
	char *at = (char *)(path + 1);

	path->is_literal = pieces->is_literal;
	path->original = put(&at, pieces->whole);
	path->text = put(&at, pieces->mailbox);
	path->domain = put(&at, pieces->domain);
	path->local = pieces->is_quoted ? put_unquoted(&at, pieces->local)
					: put(&at, pieces->local);
	return path;
}

static PliSmtpPathResult
read_mailbox(PathPieces *pieces, PliSmtpPathFlags flags)
{
	PliSmtpPathResult result;

	if (pieces->mailbox.len == 0)
		return PLI_SMTP_PATH_BAD_LOCAL;
	result = read_local(pieces);
	if (result == PLI_SMTP_PATH_OK)
		result = check_domain(pieces, flags);
	return result;
}

PliSmtpPathResult
pli_smtp_path_parse(PliSlice in, PliSmtpPathFlags flags, PliSmtpPath **ret_path,
		    gsize *ret_used)
{
	PathPieces pieces = {0};
	PliSmtpPathResult result = find_end(in, &pieces.whole);

	if (result != PLI_SMTP_PATH_OK)
		return result;
	if (!pli_utf8_is_ascii(pieces.whole)) {
		if (!(flags & PLI_SMTP_PATH_UTF8))
			return PLI_SMTP_PATH_NOT_ASCII;
		if (!pli_utf8_is_valid(pieces.whole))
			return PLI_SMTP_PATH_NOT_UTF8;
	}
	pieces.mailbox =
		pli_slice_new(pieces.whole.data + 1, pieces.whole.len - 2);
	if (pieces.mailbox.len > 0) {
		result = take_route(&pieces.mailbox);
		if (result == PLI_SMTP_PATH_OK)
			result = read_mailbox(&pieces, flags);
	} else if (!(flags & PLI_SMTP_PATH_NULL)) {
		result = PLI_SMTP_PATH_EMPTY;
	}
	if (result == PLI_SMTP_PATH_OK && pieces.whole.len > PLI_SMTP_PATH_MAX)
		result = PLI_SMTP_PATH_LONG;
	if (result != PLI_SMTP_PATH_OK)
		return result;
	*ret_path = path_new(&pieces);
	*ret_used = pieces.whole.len;
	return PLI_SMTP_PATH_OK;
}

void
pli_smtp_path_free(PliSmtpPath *path)
{
	g_free(path);
}

const char *
pli_smtp_path_get_text(PliSmtpPathResult result)
{
	static const char *const texts[] = {
		[PLI_SMTP_PATH_OK] = "the address is well formed",
		[PLI_SMTP_PATH_NO_BRACKETS] =
			"the address must stand between < and >",
		[PLI_SMTP_PATH_EMPTY] = "<> is a sender, not a recipient",
		[PLI_SMTP_PATH_BAD_ROUTE] =
			"a source route is @host,@host: before the mailbox",
		[PLI_SMTP_PATH_BAD_LOCAL] =
			"the local part must be atoms and dots, or quoted",
		[PLI_SMTP_PATH_NO_DOMAIN] = "a domain must follow the local "
					    "part, as in <local@domain>",
		[PLI_SMTP_PATH_BAD_DOMAIN] =
			"the domain must be letters, digits and hyphens "
			"between dots",
		[PLI_SMTP_PATH_BAD_LITERAL] =
			"an address literal is [1.2.3.4] or [IPv6:...]",
		[PLI_SMTP_PATH_LONG_LOCAL] =
			"a local part has at most 64 octets",
		[PLI_SMTP_PATH_LONG_DOMAIN] = "a domain has at most 255 octets",
		[PLI_SMTP_PATH_LONG] = "a path has at most 256 octets",
		[PLI_SMTP_PATH_NOT_ASCII] =
			"the address must be ASCII, as MAIL had no SMTPUTF8",
		[PLI_SMTP_PATH_NOT_UTF8] =
			"an address that is not ASCII must be UTF-8",
	};

	g_assert((gsize)result < G_N_ELEMENTS(texts));
	return texts[result];
}

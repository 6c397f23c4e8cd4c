/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/imap-fake.h"

#include "engine/bodystructure.h"
#include "engine/envelope.h"
#include "engine/parser.h"

typedef struct {
	PliSource base;
	PliImapFake *mailbox;
	GBytes *bytes;
	gboolean ready;
} FakeSource;

static PliStep
fake_read_at(PliSource *source, guint64 offset, gsize max,
             PliSlice *ret_octets, GError **error)
{
	FakeSource *fake = (FakeSource *)source;
	gsize len;
	const guint8 *data = g_bytes_get_data(fake->bytes, &len);
	gsize n = MIN(max, len - MIN(offset, len));

	fake->ready = !fake->ready;
	if (fake->mailbox->broken)
		return PLI_STEP_FAIL;
	if (fake->mailbox->slow && fake->ready)
		return PLI_STEP_WANT;
	if (fake->mailbox->read_octets > 0)
		n = MIN(n, fake->mailbox->read_octets);
	*ret_octets = pli_slice_new(n > 0 ? data + offset : NULL, n);
	return PLI_STEP_READY;
}

static guint64
fake_get_length(const PliSource *source)
{
	return g_bytes_get_size(((const FakeSource *)source)->bytes);
}

static void
fake_free(PliSource *source)
{
	FakeSource *fake = (FakeSource *)source;

	fake->mailbox->n_open--;
	g_bytes_unref(fake->bytes);
	g_free(fake);
}

static const PliSourceClass fake_class = {
	.read_at = fake_read_at,
	.get_length = fake_get_length,
	.free = fake_free,
};

static void
message_clear(gpointer data)
{
	PliImapFakeMessage *message = data;

	g_bytes_unref(message->octets);
	g_bytes_unref(message->structure);
	g_bytes_unref(message->envelope);
	g_bytes_unref(message->bodystructure);
}

void
pli_imap_fake_init(PliImapFake *fake)
{
	memset(fake, 0, sizeof *fake);
	fake->messages = g_array_new(FALSE, FALSE, sizeof(PliImapFakeMessage));
	g_array_set_clear_func(fake->messages, message_clear);
}

void
pli_imap_fake_clear(PliImapFake *fake)
{
	g_clear_pointer(&fake->messages, g_array_unref);
}

static GBytes *
take_bytes(PliBuf *buf)
{
	gsize len = buf->len;

	return g_bytes_new_take(pli_buf_steal_string(buf), len);
}

void
pli_imap_fake_add(PliImapFake *fake, PliSlice octets, PliLineMode mode)
{
	g_autoptr(PliStructure) structure =
	        pli_parser_parse(octets, mode, NULL);
	PliImapFakeMessage message = {
		.uid = fake->messages->len + 1,
		.size = pli_structure_get_served_length(structure)};
	g_auto(PliBuf) buf = {0};

	pli_buf_init(&buf, 1 << 24);
	message.octets = g_bytes_new(octets.data, octets.len);
	message.structure = g_bytes_ref(pli_structure_get_bytes(structure));
	g_assert_true(pli_envelope_format(structure, 0, &buf));
	message.envelope = take_bytes(&buf);
	g_assert_true(pli_bodystructure_format(structure, TRUE, &buf));
	message.bodystructure = take_bytes(&buf);
	g_array_append_val(fake->messages, message);
}

PliImapFakeMessage *
pli_imap_fake_find(const PliImapFake *fake, guint32 uid)
{
	/* Removals only bring a message forward. */
	for (guint i = MIN(uid, fake->messages->len); i > 0; i--) {
		PliImapFakeMessage *message = &g_array_index(
		        fake->messages, PliImapFakeMessage, i - 1);

		if (message->uid == uid)
			return message;
	}
	return NULL;
}

PliImapView
pli_imap_fake_get_view(const PliImapFake *fake)
{
	PliImapView view = {
		.status = {.uid_validity = 1,
		           .uid_next = fake->messages->len + 1,
		           .n_messages = fake->messages->len,
		           .highest_modseq = 1},
		.uids = g_array_new(FALSE, FALSE, sizeof(guint32)),
	};

	for (guint i = 0; i < fake->messages->len; i++)
		g_array_append_val(
		        view.uids,
		        g_array_index(fake->messages, PliImapFakeMessage, i)
		                .uid);
	return view;
}

GArray *
pli_imap_fake_get_rows(const PliImapFake *fake, const PliImapFetch *fetch)
{
	GArray *rows = g_array_new(FALSE, FALSE, sizeof(PliMailboxRow));

	g_array_set_clear_func(rows, (GDestroyNotify)pli_mailbox_row_clear);
	for (guint i = 0; i < fetch->n_uids; i++) {
		PliImapFakeMessage *message =
		        pli_imap_fake_find(fake, fetch->uids[i]);
		PliMailboxRow row = {.uid = fetch->uids[i]};

		if (message == NULL)
			continue;
		row.flags = message->flags;
		row.internal_date = 837596665; /* 17 July 1996 */
		row.size = message->size;
		if (fetch->columns & PLI_ROW_STRUCTURE)
			row.structure = g_bytes_ref(message->structure);
		if (fetch->columns & PLI_ROW_ENVELOPE)
			row.envelope = g_bytes_ref(message->envelope);
		if (fetch->columns & PLI_ROW_BODYSTRUCTURE)
			row.bodystructure = g_bytes_ref(message->bodystructure);
		g_array_append_val(rows, row);
	}
	return rows;
}

PliSource *
pli_imap_fake_open(PliImapFake *fake, guint32 uid)
{
	FakeSource *source = g_new0(FakeSource, 1);

	pli_source_init(&source->base, &fake_class);
	source->bytes = g_bytes_ref(pli_imap_fake_find(fake, uid)->octets);
	source->mailbox = fake;
	fake->n_open++;
	return &source->base;
}

static void
answer_flags(PliImapFake *fake, PliSession *session,
             const PliSessionEvent *event)
{
	const PliImapFlags *flags = event->detail;
	PliImapFakeMessage *message = pli_imap_fake_find(fake, flags->uid);
	PliAnswer answer = {.detail = &message->flags};

	message->flags = (message->flags | flags->set) & ~flags->clear;
	pli_session_answer(session, event->ask, &answer);
}

static gboolean
is_inbox(const char *name)
{
	return strcmp(name, "INBOX") == 0;
}

void
pli_imap_fake_answer(PliImapFake *fake, PliSession *session,
                     const PliSessionEvent *event)
{
	static const char *const names[] = {"INBOX", "Archive/2026", NULL};
	PliAnswer answer = {.verdict = PLI_VERDICT_ACCEPT};
	PliImapView view;

	switch (event->type) {
	case PLI_IMAP_EVENT_LIST:
		answer.detail = g_strdupv((char **)names);
		break;
	case PLI_IMAP_EVENT_SELECT:
		if (!is_inbox(((const PliImapSelect *)event->detail)->name)) {
			answer.verdict = PLI_VERDICT_REFUSE;
			break;
		}
		view = pli_imap_fake_get_view(fake);
		answer.detail = &view;
		break;
	case PLI_IMAP_EVENT_STATUS:
		if (!is_inbox(((const PliImapStatus *)event->detail)->name)) {
			answer.verdict = PLI_VERDICT_REFUSE;
			break;
		}
		view = pli_imap_fake_get_view(fake);
		g_array_unref(view.uids);
		answer.detail = &view.status;
		break;
	case PLI_IMAP_EVENT_FETCH:
		answer.detail = pli_imap_fake_get_rows(fake, event->detail);
		break;
	case PLI_IMAP_EVENT_MESSAGE:
		answer.detail = pli_imap_fake_open(
		        fake, ((const PliImapMessage *)event->detail)->uid);
		break;
	case PLI_IMAP_EVENT_FLAGS:
		answer_flags(fake, session, event);
		return;
	}
	if (event->ask != 0)
		pli_session_answer(session, event->ask, &answer);
}

/* What can be had of a range now; nothing when its source is not ready. */
static PliSlice
read_head(const PliOutput *head)
{
	PliSlice octets = head->octets;
	gsize max = MIN(head->length, 1 << 16);

	if (head->source != NULL &&
	    pli_source_read_at(head->source, head->offset, max, &octets,
	                       NULL) != PLI_STEP_READY)
		return PLI_SLICE_NONE;
	g_assert_cmpuint(octets.len, >, 0);
	return octets;
}

static gboolean
take_output(PliSession *session, GByteArray *out,
            void (*watch)(PliSession *session))
{
	PliOutput head;
	gboolean any = FALSE;

	while (pli_session_output(session, &head)) {
		PliSlice octets = read_head(&head);

		if (octets.len == 0)
			return any;
		if (watch != NULL)
			watch(session);
		g_byte_array_append(out, octets.data, octets.len);
		pli_session_sent(session, octets.len);
		any = TRUE;
	}
	return any;
}

PliStep
pli_imap_fake_play(PliImapFake *fake, PliSession *session, PliSlice in,
                   gsize at_once, GByteArray *out,
                   void (*watch)(PliSession *session))
{
	PliStep step = PLI_STEP_WANT;
	/* Reading on through slow sources need not show. */
	guint patience = fake->slow ? 1000 : 2;

	for (guint idle = 0; idle < patience && step != PLI_STEP_FAIL; idle++) {
		PliSlice piece = {in.data, MIN(in.len, at_once)};
		PliSessionEvent event;

		if (piece.len > 0) {
			gsize used = pli_session_feed(session, piece);

			in = pli_slice_skip(in, used);
			idle = used > 0 ? 0 : idle;
		}
		while ((step = pli_session_next(session, &event)) ==
		       PLI_STEP_READY) {
			pli_imap_fake_answer(fake, session, &event);
			idle = 0;
		}
		if (take_output(session, out, watch))
			idle = 0;
	}
	return step;
}

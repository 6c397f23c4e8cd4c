/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * ENVELOPE as IMAP returns it (RFC 9051 7.5.2), of the message or of one
 * inside. Text rules as for BODYSTRUCTURE.
 */
#ifndef PLI_ENGINE_ENVELOPE_H
#define PLI_ENGINE_ENVELOPE_H

#include "engine/buf.h"
#include "engine/structure.h"

PLI_BEGIN_DECLS

/* Appends the parenthesised text; `part` has PLI_PART_IS_MESSAGE (0 is the
 * message itself). FALSE when the buffer's ceiling stands in the way. */
gboolean
pli_envelope_format(const PliStructure *structure, guint32 part, PliBuf *buf);

PLI_END_DECLS

#endif

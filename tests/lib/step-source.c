/* SPDX-License-Identifier: LGPL-2.1-or-later */
#include "tests/lib/step-source.h"

typedef struct {
	PliSource base;
	PliSlice text;
	gsize step;
} StepSource;

static PliStep
step_read_at(PliSource *source, guint64 offset, gsize max, PliSlice *ret_octets,
	     GError **error)
{
	StepSource *self = (StepSource *)source;

	*ret_octets = pli_slice_skip(self->text, MIN(offset, self->text.len));
	ret_octets->len = MIN(ret_octets->len, MIN(max, self->step));
	return PLI_STEP_READY;
}

static guint64
step_get_length(const PliSource *source)
{
	return ((const StepSource *)source)->text.len;
}

static void
step_free(PliSource *source)
{
	g_free(source);
}

static const PliSourceClass step_class = {
	.read_at = step_read_at,
	.get_length = step_get_length,
	.free = step_free,
};

PliSource *
pli_step_source_new(PliSlice text, gsize step)
{
	StepSource *self = g_new0(StepSource, 1);

	pli_source_init(&self->base, &step_class);
	self->text = text;
	self->step = step;
	return &self->base;
}

/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inputs: folders of messages read into memory, and bodies made up here.
 *
 * Neither ever reads or makes anything while the clock runs. The made-up
 * bodies are the same octets on every machine.
 */
#ifndef PLI_BENCH_INPUT_H
#define PLI_BENCH_INPUT_H

#include "bench.h"

#include <glib.h>

void
bench_input_free(BenchInput *input);

G_DEFINE_AUTOPTR_CLEANUP_FUNC(BenchInput, bench_input_free)

/* Appends what DIR holds to `inputs`: each folder in it that has messages
 * somewhere below is an input; messages in DIR itself, or a Maildir, are one
 * input. Nothing is appended when DIR is missing or holds none. */
gboolean
bench_input_load(const char *dir, GPtrArray *inputs, GError **error);

/* Appends the inputs of the works in `works` that need no message. */
void
bench_input_make(uint32_t works, GPtrArray *inputs);

#endif

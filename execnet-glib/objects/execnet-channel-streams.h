/* SPDX-FileCopyrightText: The execnet-glib authors */
/* SPDX-License-Identifier: LGPL-2.1-or-later */

#pragma once

#if !defined(EXECNET_INSIDE) && !defined(EXECNET_COMPILATION)
#error "Only <execnet-glib/execnet-glib.h> can be included directly."
#endif

#include <execnet-glib/objects/execnet-channel.h>

G_BEGIN_DECLS

#define EXECNET_TYPE_CHANNEL_INPUT_STREAM (execnet_channel_input_stream_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetChannelInputStream,
                      execnet_channel_input_stream,
                      EXECNET,
                      CHANNEL_INPUT_STREAM,
                      GInputStream)

#define EXECNET_TYPE_CHANNEL_OUTPUT_STREAM (execnet_channel_output_stream_get_type ())

EXECNET_AVAILABLE_IN_1_0
G_DECLARE_FINAL_TYPE (ExecnetChannelOutputStream,
                      execnet_channel_output_stream,
                      EXECNET,
                      CHANNEL_OUTPUT_STREAM,
                      GOutputStream)

EXECNET_AVAILABLE_IN_1_0
ExecnetChannelInputStream *
execnet_channel_make_input_stream (ExecnetChannel *self, gboolean close_channel);

EXECNET_AVAILABLE_IN_1_0
ExecnetChannelOutputStream *
execnet_channel_make_output_stream (ExecnetChannel *self, gboolean close_channel);

G_END_DECLS

/** The role that the application takes on in every connection. It owns nothing, so row-level security binds it. */
export const applicationRole = "headrace_app";

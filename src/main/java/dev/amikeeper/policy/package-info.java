/** Policies: which instances are imaged, when, and how long their images are kept. */
@NullMarked
package dev.amikeeper.policy;

import org.jspecify.annotations.NullMarked;

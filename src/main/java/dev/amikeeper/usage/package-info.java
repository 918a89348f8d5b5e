/** What uses an image: one probe for each kind of user, and what all of them say together. */
@NullMarked
package dev.amikeeper.usage;

import org.jspecify.annotations.NullMarked;

/** What uses an image: one probe for each kind of user, and what they all say together. */
@NullMarked
package dev.amikeeper.usage;

import org.jspecify.annotations.NullMarked;

/** The access to EC2. */
@NullMarked
package dev.amikeeper.ec2;

import org.jspecify.annotations.NullMarked;

package dev.amikeeper.ec2;

import dev.amikeeper.image.Ami;
import dev.amikeeper.image.InstanceId;

import java.util.List;
import java.util.Optional;

/**
 * What EC2 knows about an image of this account, whoever made it.
 *
 * @param instance the instance that it was created from; empty if EC2 does not say
 * @param productCodes its product codes of the AWS Marketplace and others
 */
public record Origin(Ami ami, Optional<InstanceId> instance, List<String> productCodes) {
    public Origin {
        productCodes = List.copyOf(productCodes);
    }
}

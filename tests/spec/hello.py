channel.send('hello')
